namespace Quorleans.MapReduce.Engine;

/// <summary>Writes sorted pairs through the user's combiner, group by group.</summary>
internal sealed class CombiningWriter(SortBuffer buffer, RunWriter writer, IUtf8Combiner combiner) : IUtf8Values, IUtf8CombineOutput
{
    private int[] _places = [];
    private int _at;
    private int _end;

    public ReadOnlySpan<byte> Current => buffer.ValueAt(_places[_at]);

    private ReadOnlySpan<byte> Key => buffer.KeyAt(_places[_end - 1]);

    public void Write(ReadOnlySpan<PairEntry> pairs)
    {
        _places = new int[pairs.Length];
        for (int i = 0; i < pairs.Length; i++) _places[i] = pairs[i].Place;
        for (int start = 0; start < _places.Length; start = _end)
        {
            ReadOnlySpan<byte> key = buffer.KeyAt(_places[start]);
            _end = start + 1;
            while (_end < _places.Length && buffer.KeyAt(_places[_end]).SequenceEqual(key)) _end++;
            _at = start - 1;
            try
            {
                combiner.Combine(key, this, this);
            }
            catch (Exception e) when (e is not MapReduceException and not OperationCanceledException)
            {
                throw new MapReduceException(JobFailure.UserCode, $"the combiner failed for the key {Describe.Bytes(key)}: {e.GetType().Name}: {e.Message}", e);
            }
        }
    }

    public bool MoveNext() => _at + 1 < _end && ++_at < _end;

    public void Emit(ReadOnlySpan<byte> value) => writer.Write(Key, value);
}
