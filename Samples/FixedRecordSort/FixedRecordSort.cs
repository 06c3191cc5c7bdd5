using Quorleans.MapReduce;

namespace Quorleans.Samples.FixedRecordSort;

/// <summary>Sorts records of 100 bytes by their first ten, as the sort benchmarks do. The outputs, one after the other, are in order.</summary>
public sealed class FixedRecordSort : IMapReduceApplication
{
    private const int RecordBytes = 100;
    private const int KeyBytes = 10;

    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) =>
    [
        JobDefinition.Create("fixed record sort", static () => new Mapper()) with
        {
            Input = RecordFormats.FixedSize(RecordBytes),
            Output = OutputFormat.Raw,
            TotalOrder = true,
        },
    ];

    // Key and value together are the record: without a reducer they are written one behind the other.
    private sealed class Mapper : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context) => context.Emit(record[..KeyBytes], record[KeyBytes..]);
    }
}
