namespace Quorleans.MapReduce;

/// <summary>
/// The order in which a reduce task sees its keys; keys that compare as equal are one group (under the first of them). Keys of one group must
/// get the same partition. The default compares bytes, which is also the order of code points in UTF-8. Called by many threads.
/// </summary>
public interface IKeyComparer
{
    /// <summary>Less than zero: <paramref name="left"/> comes first.</summary>
    int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right);
}
