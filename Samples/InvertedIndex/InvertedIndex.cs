using Quorleans.MapReduce;

namespace Quorleans.Samples.InvertedIndex;

/// <summary>Lists the documents that each word is in. A record is a whole file.</summary>
public sealed class InvertedIndex : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) =>
    [
        new TypedJob<byte[], string, string>
        {
            Name = "inverted index",
            Mapper = static () => new Mapper(),
            Reducer = static () => new Reducer(),
        }.Define() with { Input = RecordFormats.WholeFiles },
    ];

    private sealed class Mapper : IMapper<byte[], string, string>
    {
        public void Map(byte[] record, IMapContext<string, string> context)
        {
            string document = Path.GetFileName(context.InputPath);
            context.Status($"reading {document}");
            HashSet<string> words = [];
            foreach (ReadOnlySpan<byte> word in new LetterTokens(record)) words.Add(System.Text.Encoding.UTF8.GetString(word));
            foreach (string word in words) context.Emit(word, document);
        }
    }

    private sealed class Reducer : IReducer<string, string>
    {
        public void Reduce(string key, IEnumerable<string> values, IReduceContext context)
        {
            string[] documents = [.. values.Distinct().Order(StringComparer.Ordinal)];
            context.Write(key, $"{documents.Length} {string.Join(',', documents)}");
        }
    }
}
