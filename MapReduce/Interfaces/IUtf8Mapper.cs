namespace Quorleans.MapReduce;

/// <summary>Turns a record into pairs, as bytes: nothing is allocated for a record or a pair. One instance serves one attempt of a task.</summary>
public interface IUtf8Mapper
{
    /// <summary>Maps a record.</summary>
    /// <param name="record">Valid during the call only.</param>
    /// <param name="context">Takes the pairs.</param>
    void Map(ReadOnlySpan<byte> record, IUtf8MapContext context);
}

/// <summary>Takes pairs of bytes.</summary>
public interface IUtf8MapContext : IMapTaskContext
{
    /// <summary>Emits a pair; both spans are copied.</summary>
    void Emit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}
