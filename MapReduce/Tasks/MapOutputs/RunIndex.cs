using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>What a map task leaves beside its runs: where each partition lies in each of them.</summary>
internal static class RunIndex
{
    /// <summary>The name of an index.</summary>
    public const string FileName = "index";

    private const int Version = 1;

    /// <summary>Writes the index of runs that lie in its folder.</summary>
    public static void Write(string path, IReadOnlyList<Run> runs)
    {
        using MemoryStream bytes = new();
        using (BinaryWriter writer = new(bytes))
        {
            writer.Write7BitEncodedInt(Version);
            writer.Write7BitEncodedInt(runs.Count);
            foreach (Run run in runs)
            {
                writer.Write(Path.GetFileName(run.Path));
                writer.Write7BitEncodedInt(run.Segments.Count);
                foreach (RunSegment segment in run.Segments)
                {
                    writer.Write7BitEncodedInt64(segment.Bytes);
                    writer.Write7BitEncodedInt64(segment.Pairs);
                }
            }

            writer.Flush();
            SealedFile.Write(path, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), durable: false);
        }
    }

    /// <summary>The runs, with one partition's segments.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static IReadOnlyList<Run> Read(string path, int partition)
    {
        string folder = Path.GetDirectoryName(path)!;
        using BinaryReader reader = new(new MemoryStream(SealedFile.Read(path).ToArray()));
        int version = reader.Read7BitEncodedInt();
        if (version != Version) throw new InvalidDataException($"{path} has version {version}; this program knows {Version}");
        List<Run> runs = [];
        for (int left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            string run = Path.Combine(folder, reader.ReadString());
            int segments = reader.Read7BitEncodedInt();
            if (partition >= segments) throw new InvalidDataException($"{path} has {segments} partitions, and {partition} was asked for");
            long offset = 0;
            RunSegment found = default;
            for (int i = 0; i < segments; i++)
            {
                // Without gaps: a segment begins where the one before ends.
                RunSegment segment = new(offset, reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
                if (i == partition) found = segment;
                offset += segment.Bytes;
            }

            if (found.Pairs > 0) runs.Add(new Run(run, new OneSegment(partition, found)));
        }

        return runs;
    }
}
