using Quorleans.Tests.Shared.Processes;

namespace Quorleans.Chaos;

/// <summary>A node: who does something to it takes it first.</summary>
/// <param name="name">Its name.</param>
/// <param name="number">Its number, from 0 on.</param>
internal sealed class ChaosNode(string name, int number)
{
    private int _taken;
    private int _seen;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its number, from 0 on.</summary>
    public int Number => number;

    /// <summary>The small file system that its data is on, or null.</summary>
    public SmallDisk? Disk { get; init; }

    /// <summary>Whether its supervisor shall start it when it has ended.</summary>
    public bool ShallRun { get; set; }

    /// <summary>Whether the process that was looked at last had said that it is up.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Looks at its process.</summary>
    public void Look(ChildProcess process)
    {
        if (_seen != process.Id) IsUp = false;
        _seen = process.Id;
        if (!IsUp) IsUp = process.Output.Contains(" is up in ", StringComparison.Ordinal);
    }

    /// <summary>Takes it, if nobody has.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    public void Release() => Volatile.Write(ref _taken, 0);
}
