namespace Quorleans.MapReduce.Applications;

/// <summary>Counts words, which are runs of Unicode letters, as in the lab.</summary>
public sealed class WordCount : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) =>
        [JobDefinition.Aggregate<Sum>("wordcount", static () => new Mapper()) with { Input = RecordFormats.TextBlocks }];

    private sealed class Mapper : IAggregatingMapper
    {
        public void Map(ReadOnlySpan<byte> record, IAggregatingContext context)
        {
            foreach (ReadOnlySpan<byte> word in new LetterTokens(record)) context.Emit(word, 1);
        }
    }
}
