using System.Globalization;
using Quorleans.MapReduce;

namespace Quorleans.Samples.TopWords;

/// <summary>The most frequent words (<c>--arg n=10</c>): a job that counts, and one that reads its output.</summary>
public sealed class TopWords : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        int n = arguments.Number("n", 10, minimum: 1);
        return
        [
            JobDefinition.Aggregate<Sum>("count words", static () => new Counter()) with { Input = RecordFormats.TextBlocks },
            new TypedJob<string, long, string>
            {
                Name = "top words",
                Mapper = static () => new ByCount(),
                Reducer = () => new First(n),
                KeyOrder = Comparer<long>.Create(static (a, b) => b.CompareTo(a)),
            }.Define() with { Reducers = 1 },
        ];
    }

    private sealed class Counter : IAggregatingMapper
    {
        public void Map(ReadOnlySpan<byte> record, IAggregatingContext context)
        {
            foreach (ReadOnlySpan<byte> word in new LetterTokens(record)) context.Emit(word, 1);
        }
    }

    private sealed class ByCount : IMapper<string, long, string>
    {
        public void Map(string record, IMapContext<long, string> context)
        {
            int space = record.LastIndexOf(' ');
            context.Emit(long.Parse(record.AsSpan(space + 1), CultureInfo.InvariantCulture), record[..space]);
        }
    }

    // There is one reduce task, and it sees the largest counts first.
    private sealed class First(int n) : IReducer<long, string>
    {
        private int _left = n;

        public void Reduce(long key, IEnumerable<string> values, IReduceContext context)
        {
            if (_left == 0) return;
            foreach (string word in values.Order(StringComparer.Ordinal).Take(_left))
            {
                context.Write(word, key);
                _left--;
            }
        }
    }
}
