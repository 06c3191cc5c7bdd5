namespace Quorleans.MapReduce;

/// <summary>
/// Turns a record into keys with numbers which are combined in memory as they come (word count and its like). The fastest way: nothing is
/// allocated, nothing is sorted but the distinct keys.
/// </summary>
public interface IAggregatingMapper
{
    /// <summary>Maps a record.</summary>
    /// <param name="record">Valid during the call only.</param>
    /// <param name="context">Takes the pairs.</param>
    void Map(ReadOnlySpan<byte> record, IAggregatingContext context);
}

/// <summary>Takes keys with numbers.</summary>
public interface IAggregatingContext : IMapTaskContext
{
    /// <summary>Emits a pair; the key is copied.</summary>
    void Emit(ReadOnlySpan<byte> key, long value);
}
