namespace Quorleans.MapReduce;

/// <summary>
/// What an assembly offers to run: public, with a parameterless constructor. The engine finds it by this interface, so that a user names
/// the assembly alone when there is one in it.
/// </summary>
public interface IMapReduceApplication
{
    /// <summary>Describes the jobs, which run one after the other: the output of each is the input of the next. Mostly there is one.</summary>
    /// <param name="arguments">What the user gave by <c>--arg k=v</c>; one that is never asked for is refused as unknown.</param>
    /// <exception cref="JobArgumentException">An argument is missing or wrong.</exception>
    IReadOnlyList<JobDefinition> Define(JobArguments arguments);
}
