using Quorleans.MapReduce;

namespace Quorleans.Samples.WordCount;

/// <summary>Counts words, in the plain typed way.</summary>
public sealed class WordCount : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) =>
    [
        new TypedJob<string, string, long>
        {
            Name = "word count",
            Mapper = static () => new Mapper(),
            Combiner = static () => new Adder(),
            Reducer = static () => new Adder(),
        }.Define(),
    ];

    private sealed class Mapper : IMapper<string, string, long>
    {
        public void Map(string record, IMapContext<string, long> context)
        {
            context.Count("lines");
            foreach (string word in record.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries)) context.Emit(word, 1);
        }
    }

    private sealed class Adder : ICombiner<string, long>, IReducer<string, long>
    {
        public long Combine(string key, IEnumerable<long> values) => values.Sum();

        public void Reduce(string key, IEnumerable<long> values, IReduceContext context) => context.Write(key, values.Sum());
    }
}
