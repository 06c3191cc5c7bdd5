namespace Quorleans.MapReduce;

/// <summary>Turns a record into pairs. One instance serves one attempt of a task.</summary>
/// <typeparam name="TInput">The record: <see cref="string"/> (a line as text), <c>byte[]</c>, or what a codec reads.</typeparam>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
public interface IMapper<in TInput, out TKey, out TValue>
{
    /// <summary>Maps a record.</summary>
    void Map(TInput record, IMapContext<TKey, TValue> context);
}

/// <summary>A mapper that waits for something outside, such as a service. The task's thread waits with it.</summary>
/// <inheritdoc cref="IMapper{TInput,TKey,TValue}"/>
public interface IAsyncMapper<in TInput, out TKey, out TValue>
{
    /// <summary>Maps a record; the next one is mapped when the task is complete.</summary>
    ValueTask MapAsync(TInput record, IMapContext<TKey, TValue> context);
}

/// <summary>Takes pairs.</summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
public interface IMapContext<in TKey, in TValue> : IMapTaskContext
{
    /// <summary>Emits a pair.</summary>
    void Emit(TKey key, TValue value);
}
