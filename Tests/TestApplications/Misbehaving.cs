using Quorleans.MapReduce;

namespace Quorleans.TestApplications;

/// <summary>Counts lines, and at one of them does something bad to its process.</summary>
public sealed class Misbehaving : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        string how = arguments.Find("how") ?? "none";
        string where = arguments.Find("where") ?? "map";
        Bad bad = new(how, arguments.Find("at") ?? "bad");
        if (where == "define") Misdeeds.Do(how);
        return
        [
            new TypedJob<string, string, long>
            {
                Name = "misbehaving",
                Mapper = () => new Mapper(where == "map" ? bad : null),
                Combiner = where == "combine" ? () => new Adder(bad) : null,
                Reducer = () => new Adder(where == "reduce" ? bad : null),
            }.Define(),
        ];
    }

    private sealed record Bad(string How, string At)
    {
        public void Meet(string line)
        {
            if (line == At) Misdeeds.Do(How);
        }
    }

    private sealed class Mapper(Bad? bad) : IMapper<string, string, long>
    {
        public void Map(string record, IMapContext<string, long> context)
        {
            bad?.Meet(record);
            context.Count("lines");
            context.Emit(record, 1);
        }
    }

    private sealed class Adder(Bad? bad) : ICombiner<string, long>, IReducer<string, long>
    {
        public long Combine(string key, IEnumerable<long> values)
        {
            bad?.Meet(key);
            return values.Sum();
        }

        public void Reduce(string key, IEnumerable<long> values, IReduceContext context)
        {
            bad?.Meet(key);
            context.Write(key, values.Sum());
        }
    }
}
