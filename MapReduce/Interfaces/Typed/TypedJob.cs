namespace Quorleans.MapReduce;

/// <summary>A job on typed records, keys and values; <see cref="Define"/> turns it into what the engine runs.</summary>
/// <typeparam name="TInput">The records.</typeparam>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
public sealed record TypedJob<TInput, TKey, TValue>
{
    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>Makes the mapper; this or <see cref="AsyncMapper"/>.</summary>
    public Func<IMapper<TInput, TKey, TValue>>? Mapper { get; init; }

    /// <summary>Makes a mapper that waits.</summary>
    public Func<IAsyncMapper<TInput, TKey, TValue>>? AsyncMapper { get; init; }

    /// <summary>Makes the reducer.</summary>
    public required Func<IReducer<TKey, TValue>> Reducer { get; init; }

    /// <summary>Makes the combiner, if there is one.</summary>
    public Func<ICombiner<TKey, TValue>>? Combiner { get; init; }

    /// <summary>The order of keys; null: that of their codec's bytes. Keys that it takes for equal must have the same bytes, or one partition.</summary>
    public IComparer<TKey>? KeyOrder { get; init; }

    /// <summary>Reads records.</summary>
    public ICodec<TInput>? InputCodec { get; init; }

    /// <summary>Writes and reads keys.</summary>
    public ICodec<TKey>? KeyCodec { get; init; }

    /// <summary>Writes and reads values.</summary>
    public ICodec<TValue>? ValueCodec { get; init; }

    /// <summary>The job for the engine.</summary>
    /// <exception cref="NotSupportedException">A type has no codec.</exception>
    /// <exception cref="InvalidOperationException">There is no mapper, or there are two.</exception>
    public JobDefinition Define()
    {
        if (Mapper is null == AsyncMapper is null) throw new InvalidOperationException($"the job {Name} needs either a mapper or an asynchronous one");
        ICodec<TInput> inputs = InputCodec ?? Codecs.For<TInput>();
        ICodec<TKey> keys = KeyCodec ?? Codecs.For<TKey>();
        ICodec<TValue> values = ValueCodec ?? Codecs.For<TValue>();
        Func<IMapper<TInput, TKey, TValue>> mapper = Mapper ?? (() => new WaitingMapper<TInput, TKey, TValue>(AsyncMapper!()));
        return JobDefinition.Create(Name, () => new TypedMapper<TInput, TKey, TValue>(mapper(), inputs, keys, values), () => new TypedReducer<TKey, TValue>(Reducer(), keys, values)) with
        {
            Combiner = Combiner is null ? null : () => new TypedCombiner<TKey, TValue>(Combiner(), keys, values),
            KeyOrder = KeyOrder is null ? null : new TypedOrder<TKey>(KeyOrder, keys),
        };
    }
}
