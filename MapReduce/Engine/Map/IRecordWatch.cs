namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Is told of each record before the mapper sees it. When user code takes its process down, this is how others find out at which record. Called
/// by the attempt's thread, once a record: it must cost next to nothing. An attempt that tells nothing for long does not get on.
/// </summary>
public interface IRecordWatch
{
    /// <summary>The records of a file follow.</summary>
    void Open(string path);

    /// <summary>The mapper gets a record.</summary>
    /// <param name="position">The offset in bytes at which it begins.</param>
    void Begin(long position);

    /// <summary>No record is with the mapper: a run is written, in which combiners and the order of keys see pairs of many records, or the split is done.</summary>
    void Close();

    /// <summary>A reduce task took a value.</summary>
    void Step();
}
