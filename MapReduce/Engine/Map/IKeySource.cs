namespace Quorleans.MapReduce.Engine;

/// <summary>Finds keys.</summary>
internal interface IKeySource
{
    /// <summary>The key of the pair at a place.</summary>
    ReadOnlySpan<byte> KeyAt(int place);
}
