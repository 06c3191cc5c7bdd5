namespace Quorleans.KeyValue;

/// <summary>Reads files that may be damaged, or somebody else's.</summary>
internal static class BoundedReading
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="source">The stream.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its bytes; null: it has more.</returns>
    public static byte[]? ReadToEnd(Stream source, int most, CancellationToken cancellationToken)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[BufferBytes];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = source.Read(buffer, 0, buffer.Length);
            if (count == 0) return all.ToArray();
            if (all.Length + count > most) return null;
            all.Write(buffer, 0, count);
        }
    }
}
