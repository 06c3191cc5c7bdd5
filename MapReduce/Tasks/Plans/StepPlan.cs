using System.Text;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>What a plan task finds out for all tasks of its step. Kept in a file that is never changed.</summary>
internal sealed record StepPlan
{
    private const int Version = 1;

    public required int Step { get; init; }

    public required string Name { get; init; }

    public required int Reducers { get; init; }

    /// <summary>How many files are read.</summary>
    public required int InputFiles { get; init; }

    /// <summary>One for each map task.</summary>
    public required IReadOnlyList<InputSplit> Splits { get; init; }

    /// <summary>The first key of each partition but the first, when outputs are ranges of keys.</summary>
    public IReadOnlyList<byte[]>? Bounds { get; init; }

    /// <summary>Whether the inputs hold what was scanned of the store.</summary>
    public bool ReadsStore { get; init; }

    /// <summary>The input's size in bytes.</summary>
    public long InputBytes => Splits.Sum(static split => split.Bytes);

    public void Write(string path, bool durable)
    {
        using MemoryStream bytes = new();
        using (BinaryWriter writer = new(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write7BitEncodedInt(Version);
            writer.Write7BitEncodedInt(Step);
            writer.Write(Name);
            writer.Write7BitEncodedInt(Reducers);
            writer.Write7BitEncodedInt(InputFiles);
            writer.Write(ReadsStore);
            WriteSplits(writer);
            writer.Write(Bounds is not null);
            writer.Write7BitEncodedInt(Bounds?.Count ?? 0);
            foreach (byte[] bound in Bounds ?? [])
            {
                writer.Write7BitEncodedInt(bound.Length);
                writer.Write(bound);
            }
        }

        SealedFile.Write(path, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), durable);
    }

    /// <exception cref="MapReduceException">It cannot be read, or is damaged.</exception>
    public static StepPlan Read(string path)
    {
        try
        {
            using BinaryReader reader = new(new MemoryStream(SealedFile.Read(path).ToArray()), Encoding.UTF8);
            int version = reader.Read7BitEncodedInt();
            if (version != Version) throw new InvalidDataException($"{path} has version {version}; this program knows {Version}");
            StepPlan plan = new()
            {
                Step = reader.Read7BitEncodedInt(),
                Name = reader.ReadString(),
                Reducers = reader.Read7BitEncodedInt(),
                InputFiles = reader.Read7BitEncodedInt(),
                ReadsStore = reader.ReadBoolean(),
                Splits = ReadSplits(reader),
            };
            bool isRanged = reader.ReadBoolean();
            byte[][] bounds = new byte[reader.Read7BitEncodedInt()][];
            for (int i = 0; i < bounds.Length; i++) bounds[i] = reader.ReadBytes(reader.Read7BitEncodedInt());
            return plan with { Bounds = isRanged ? bounds : null };
        }
        catch (InvalidDataException e)
        {
            throw new MapReduceException(JobFailure.CorruptIntermediate, $"the job's plan is damaged: {e.Message}; run the job again, and look at the disk", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MapReduceException(JobFailure.Storage, $"the job's plan {path} cannot be read: {e.Message}", e);
        }
    }

    // Thousands of splits mostly share their files, and a folder's files their beginning.
    private void WriteSplits(BinaryWriter writer)
    {
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        writer.Write7BitEncodedInt(Splits.Count);
        foreach (InputSplit split in Splits)
        {
            writer.Write7BitEncodedInt(split.Ranges.Count);
            foreach (FileRange range in split.Ranges)
            {
                bool isNew = numbers.TryAdd(range.Path, numbers.Count);
                writer.Write7BitEncodedInt(numbers[range.Path]);
                if (isNew) writer.Write(range.Path);
                writer.Write7BitEncodedInt64(range.Start);
                writer.Write7BitEncodedInt64(range.End);
            }
        }
    }

    private static InputSplit[] ReadSplits(BinaryReader reader)
    {
        List<string> paths = [];
        InputSplit[] splits = new InputSplit[reader.Read7BitEncodedInt()];
        for (int i = 0; i < splits.Length; i++)
        {
            FileRange[] ranges = new FileRange[reader.Read7BitEncodedInt()];
            for (int j = 0; j < ranges.Length; j++)
            {
                int number = reader.Read7BitEncodedInt();
                if (number == paths.Count) paths.Add(reader.ReadString());
                ranges[j] = new FileRange(paths[number], reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
            }

            splits[i] = new InputSplit(ranges);
        }

        return splits;
    }
}
