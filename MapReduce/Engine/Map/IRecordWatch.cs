namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Is told of each record before the mapper sees it. When user code takes its process down, this is how others find out at which record. Called
/// by the attempt's thread, once a record: it must cost next to nothing.
/// </summary>
public interface IRecordWatch
{
    /// <summary>The records of a file follow.</summary>
    void Open(string path);

    /// <summary>The mapper gets a record.</summary>
    /// <param name="position">The offset in bytes at which it begins.</param>
    void Begin(long position);

    /// <summary>The mapper has returned from the split's last record.</summary>
    void Close();
}
