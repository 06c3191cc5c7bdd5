using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.Hosting;

/// <summary>How a process takes part in MapReduce jobs.</summary>
public sealed record MapReduceOptions
{
    /// <summary>How many attempts run at a time, on all nodes of the process together. Default: the processors.</summary>
    public int Slots { get; init; } = Environment.ProcessorCount;

    /// <summary>The folders that jobs may read from. Default: empty, which is all that the process's user may.</summary>
    public IReadOnlyList<string> InputRoots { get; init; } = [];

    /// <summary>The folders that jobs may write to. Default: empty, which is all that the process's user may.</summary>
    public IReadOnlyList<string> OutputRoots { get; init; } = [];

    /// <summary>The folders that users' assemblies are loaded from. Default: empty, which is all that the process's user may read.</summary>
    public IReadOnlyList<string> AssemblyFolders { get; init; } = [];

    /// <summary>Whether users' assemblies run in the silo's own process, where an exit or endless memory takes the silo down. Default: no, in worker processes.</summary>
    public bool AssembliesInProcess { get; init; }

    /// <summary>How worker processes are bounded; the number of slots is that of <see cref="Slots"/>.</summary>
    public WorkerOptions Workers { get; init; } = new();

    /// <summary>
    /// The name of the machine. Nodes whose machines have the same one read each other's map outputs as files; others fetch them by the network. Default: the
    /// machine's own name. Containers that have one name but not one disk may be given different ones, which saves each of them a look.
    /// </summary>
    public string? Machine { get; init; }

    /// <summary>
    /// The name of a node's machine, for tests: nodes with different ones fetch each other's map outputs by the network, though they could read the files. Default: the
    /// machine's own name.
    /// </summary>
    public Func<string, string>? MachineOf { get; init; }

    /// <summary>The folders, in one.</summary>
    internal AllowedPaths Allowed => new(InputRoots, OutputRoots, AssemblyFolders);
}
