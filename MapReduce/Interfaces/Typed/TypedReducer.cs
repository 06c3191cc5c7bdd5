using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;

namespace Quorleans.MapReduce;

/// <summary>Lets a typed reducer run on bytes.</summary>
internal sealed class TypedReducer<TKey, TValue>(IReducer<TKey, TValue> reducer, ICodec<TKey> keys, ICodec<TValue> values) : IUtf8Reducer, IReduceContext
{
    private readonly ArrayBufferWriter<byte> _key = new(256);
    private readonly ArrayBufferWriter<byte> _value = new(256);
    private IUtf8ReduceContext? _context;

    public JobArguments Arguments => _context!.Arguments;

    public CancellationToken Cancellation => _context!.Cancellation;

    public void Reduce(ReadOnlySpan<byte> key, IUtf8Values bytes, IUtf8ReduceContext context)
    {
        _context = context;
        using TypedValues<TValue> group = new(bytes, values);
        reducer.Reduce(keys.Read(key), group, this);
    }

    public void Write<TOutputKey, TOutputValue>(TOutputKey key, TOutputValue value)
    {
        Format(key, _key);
        Format(value, _value);
        _context!.Write(_key.WrittenSpan, _value.WrittenSpan);
    }

    public void Count(string counter, long by = 1) => _context!.Count(counter, by);

    public void Status(string text) => _context!.Status(text);

    private static void Format<T>(T value, ArrayBufferWriter<byte> to)
    {
        to.ResetWrittenCount();
        switch (value)
        {
            case null:
                break;
            case byte[] bytes:
                to.Write(bytes);
                break;
            case string text:
                Encoding.UTF8.GetBytes(text, to);
                break;
            case IUtf8SpanFormattable formattable:
                int written;
                for (int size = 64; !formattable.TryFormat(to.GetSpan(size), out written, default, CultureInfo.InvariantCulture); size *= 2)
                {
                }

                to.Advance(written);
                break;
            default:
                Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", to);
                break;
        }
    }
}

/// <summary>Lets a typed combiner run on bytes.</summary>
internal sealed class TypedCombiner<TKey, TValue>(ICombiner<TKey, TValue> combiner, ICodec<TKey> keys, ICodec<TValue> values) : IUtf8Combiner
{
    private readonly ArrayBufferWriter<byte> _value = new(256);

    public void Combine(ReadOnlySpan<byte> key, IUtf8Values bytes, IUtf8CombineOutput output)
    {
        using TypedValues<TValue> group = new(bytes, values);
        _value.ResetWrittenCount();
        values.Write(combiner.Combine(keys.Read(key), group), _value);
        output.Emit(_value.WrittenSpan);
    }
}

/// <summary>Compares keys as their type does.</summary>
internal sealed class TypedOrder<TKey>(IComparer<TKey> order, ICodec<TKey> keys) : IKeyComparer
{
    public int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => order.Compare(keys.Read(left), keys.Read(right));
}

/// <summary>A group's values; nothing of them is kept, so that they can be gone through once.</summary>
internal sealed class TypedValues<TValue>(IUtf8Values bytes, ICodec<TValue> values) : IEnumerable<TValue>, IEnumerator<TValue>
{
    private bool _begun;
    private bool _over;

    public TValue Current { get; private set; } = default!;

    object? IEnumerator.Current => Current;

    public IEnumerator<TValue> GetEnumerator()
    {
        if (_begun) throw new InvalidOperationException("a key's values are streamed and can be gone through once; keep what is needed twice");
        _begun = true;
        return this;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public bool MoveNext()
    {
        if (_over || !bytes.MoveNext()) return false;
        Current = values.Read(bytes.Current);
        return true;
    }

    public void Reset() => throw new NotSupportedException();

    public void Dispose() => _over = true;
}
