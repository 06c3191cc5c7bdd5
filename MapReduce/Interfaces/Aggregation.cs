namespace Quorleans.MapReduce;

/// <summary>A mapper together with the type that combines its numbers.</summary>
public abstract class Aggregation
{
    private protected Aggregation(Func<IAggregatingMapper> mapper) => Mapper = mapper;

    /// <summary>Makes the mapper.</summary>
    public Func<IAggregatingMapper> Mapper { get; }

    /// <summary>Gives the combiner's type to the engine, which is compiled for it.</summary>
    public abstract TResult Accept<TResult>(IAggregationVisitor<TResult> visitor);
}

/// <inheritdoc/>
/// <typeparam name="TCombiner">Combines.</typeparam>
public sealed class Aggregation<TCombiner> : Aggregation
    where TCombiner : struct, ICombiner<long>
{
    internal Aggregation(Func<IAggregatingMapper> mapper) : base(mapper)
    {
    }

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IAggregationVisitor<TResult> visitor) => visitor.Visit<TCombiner>();
}

/// <summary>Makes something for a combiner's type.</summary>
/// <typeparam name="TResult">What it makes.</typeparam>
public interface IAggregationVisitor<out TResult>
{
    /// <summary>Makes it.</summary>
    TResult Visit<TCombiner>()
        where TCombiner : struct, ICombiner<long>;
}
