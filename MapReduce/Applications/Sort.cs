using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Applications;

/// <summary>
/// Sorts lines by their bytes, or records of one size (<c>--arg record=BYTES</c>), as a whole or by a part of each (<c>--arg key=OFFSET:LENGTH</c>).
/// The output files, one after the other, are in order.
/// </summary>
public sealed class Sort : IMapReduceApplication
{
    private const int LongestRecord = 1 << 20;

    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        int size = arguments.Number("record", 0, 1, LongestRecord);
        (int offset, int length) = Key(arguments.Find("key"));
        if (size > 0 && length > 0 && offset + length > size) throw new JobArgumentException($"the key {offset}:{length} lies outside a record of {size} bytes");
        bool byPart = length > 0;
        return
        [
            JobDefinition.Create("sort", () => byPart ? new PartMapper(offset, length) : new WholeMapper(), () => new Reducer(byPart)) with
            {
                Input = size == 0 ? RecordFormats.Lines : RecordFormats.FixedSize(size),
                Output = size == 0 ? OutputFormat.Lines : OutputFormat.Raw,
                TotalOrder = true,
            },
        ];
    }

    private static (int Offset, int Length) Key(string? text)
    {
        if (text is null) return (0, 0);
        string[] parts = text.Split(':');
        if (parts.Length == 2 && int.TryParse(parts[0], out int offset) && int.TryParse(parts[1], out int length) && offset is >= 0 and <= LongestRecord && length is > 0 and <= LongestRecord)
            return (offset, length);
        throw new JobArgumentException($"the argument key must be OFFSET:LENGTH in bytes, such as 0:10; \"{text}\" is not");
    }

    private sealed class WholeMapper : IUtf8Mapper
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context) => context.Emit(record, default);
    }

    private sealed class PartMapper(int offset, int length) : IUtf8Mapper
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            int start = Math.Min(offset, record.Length);
            context.Emit(record.Slice(start, Math.Min(length, record.Length - start)), record);
        }
    }

    private sealed class Reducer(bool byPart) : IUtf8Reducer
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context)
        {
            while (values.MoveNext()) context.Write(byPart ? default : key, values.Current);
        }
    }
}
