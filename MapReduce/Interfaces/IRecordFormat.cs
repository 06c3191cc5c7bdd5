namespace Quorleans.MapReduce;

/// <summary>
/// How a file is cut into records. A file is read in parts; a part owns each record that begins in it, to the record's end, wherever that is.
/// Stateless: called by many threads.
/// </summary>
public interface IRecordFormat
{
    /// <summary>A part begins at a multiple of this many bytes; 0: a file is never cut into parts.</summary>
    long Alignment { get; }

    /// <summary>
    /// How many bytes before its beginning a part starts to read, to skip the record that lies there; 1 for a delimiter of one byte. 0: at
    /// each multiple of <see cref="Alignment"/> a record begins.
    /// </summary>
    int LookBehind { get; }

    /// <summary>Whether a record holds many lines, which are counted for people in its stead: by their line feeds.</summary>
    bool HoldsLines => false;

    /// <summary>Takes the record at the buffer's beginning.</summary>
    /// <param name="buffer">What was read so far, never empty.</param>
    /// <param name="owned">How many of the bytes from the buffer's beginning belong to the part, at least 1: matters to formats that give several lines as one record.</param>
    /// <param name="isLast">Whether the file ends with the buffer.</param>
    /// <param name="recordBytes">How much of the buffer is the record.</param>
    /// <param name="consumedBytes">Where the next record begins: the record with its delimiter.</param>
    /// <returns>False when the record's end is not there yet; with <paramref name="isLast"/> this means that the file is malformed.</returns>
    bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes);
}
