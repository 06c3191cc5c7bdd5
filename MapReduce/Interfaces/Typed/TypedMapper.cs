using System.Buffers;

namespace Quorleans.MapReduce;

/// <summary>Lets a typed mapper run on bytes.</summary>
internal sealed class TypedMapper<TInput, TKey, TValue>(IMapper<TInput, TKey, TValue> mapper, ICodec<TInput> inputs, ICodec<TKey> keys, ICodec<TValue> values)
    : IUtf8Mapper, IMapContext<TKey, TValue>
{
    private readonly ArrayBufferWriter<byte> _key = new(256);
    private readonly ArrayBufferWriter<byte> _value = new(256);
    private IUtf8MapContext? _context;

    public JobArguments Arguments => _context!.Arguments;

    public CancellationToken Cancellation => _context!.Cancellation;

    public string InputPath => _context!.InputPath;

    public long Position => _context!.Position;

    public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
    {
        _context = context;
        mapper.Map(inputs.Read(record), this);
    }

    public void Emit(TKey key, TValue value)
    {
        _key.ResetWrittenCount();
        _value.ResetWrittenCount();
        keys.Write(key, _key);
        values.Write(value, _value);
        _context!.Emit(_key.WrittenSpan, _value.WrittenSpan);
    }

    public void Count(string counter, long by = 1) => _context!.Count(counter, by);

    public void Status(string text) => _context!.Status(text);
}

/// <summary>Waits on the task's thread for a mapper that is asynchronous; tasks have threads of their own.</summary>
internal sealed class WaitingMapper<TInput, TKey, TValue>(IAsyncMapper<TInput, TKey, TValue> mapper) : IMapper<TInput, TKey, TValue>
{
    public void Map(TInput record, IMapContext<TKey, TValue> context)
    {
        ValueTask map = mapper.MapAsync(record, context);
        if (map.IsCompleted) map.GetAwaiter().GetResult();
        else map.AsTask().GetAwaiter().GetResult();
    }
}
