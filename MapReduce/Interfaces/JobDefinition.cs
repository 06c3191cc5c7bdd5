namespace Quorleans.MapReduce;

/// <summary>What one job does. Functions in it are called once for each attempt of a task, so that user code needs no locks.</summary>
public sealed record JobDefinition
{
    private JobDefinition(string name) => Name = name;

    /// <summary>Its name, for people.</summary>
    public string Name { get; init; }

    /// <summary>How the input is cut into records: lines by default.</summary>
    public IRecordFormat Input { get; init; } = RecordFormats.Lines;

    /// <summary>The form of the output: <c>key value</c> lines by default.</summary>
    public OutputFormat Output { get; init; }

    /// <summary>Where keys go: the lab's hash by default. Not used when <see cref="TotalOrder"/> is set.</summary>
    public IPartitioner Partitioner { get; init; } = HashPartitioner.Instance;

    /// <summary>The order of keys; null: their bytes'.</summary>
    public IKeyComparer? KeyOrder { get; init; }

    /// <summary>Whether all keys of an output file come before all of the next: partitions are then ranges, taken from a sample of the input.</summary>
    public bool TotalOrder { get; init; }

    /// <summary>How many reduce tasks the job must have; null: as many as the user wants.</summary>
    public int? Reducers { get; init; }

    /// <summary>Makes the mapper, unless the job aggregates.</summary>
    public Func<IUtf8Mapper>? Mapper { get; private init; }

    /// <summary>Makes the reducer; null: pairs are written as they are (or, when the job aggregates, each key with its combined value).</summary>
    public Func<IUtf8Reducer>? Reducer { get; private init; }

    /// <summary>Makes the combiner, if there is one.</summary>
    public Func<IUtf8Combiner>? Combiner { get; init; }

    /// <summary>The mapper and combiner of a job that aggregates numbers.</summary>
    public Aggregation? Aggregation { get; private init; }

    /// <summary>A job on bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="mapper">Makes the mapper.</param>
    /// <param name="reducer">Makes the reducer; null: pairs are written as they are.</param>
    public static JobDefinition Create(string name, Func<IUtf8Mapper> mapper, Func<IUtf8Reducer>? reducer = null) => new(name) { Mapper = mapper, Reducer = reducer };

    /// <summary>A job that combines numbers by key and writes each key with its number.</summary>
    /// <typeparam name="TCombiner">For example <see cref="Sum"/>.</typeparam>
    /// <param name="name">Its name.</param>
    /// <param name="mapper">Makes the mapper.</param>
    public static JobDefinition Aggregate<TCombiner>(string name, Func<IAggregatingMapper> mapper)
        where TCombiner : struct, ICombiner<long> => new(name) { Aggregation = new Aggregation<TCombiner>(mapper) };
}
