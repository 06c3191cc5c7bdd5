namespace Quorleans.MapReduce.Jobs;

/// <summary>A tracker as its reports show it.</summary>
internal sealed class TrackerState(string name)
{
    public string Name { get; } = name;

    public string Incarnation { get; set; } = "";

    /// <summary>Starts of it that are over: what still comes of them is late.</summary>
    public HashSet<string> Past { get; } = new(StringComparer.Ordinal);

    public long Sequence { get; set; } = -1;

    public string Machine { get; set; } = "";

    public string Endpoint { get; set; } = "";

    public int Slots { get; set; }

    /// <summary>Attempts in its slots: those of its newest report, and those ordered since.</summary>
    public int Busy { get; set; }

    /// <summary>When its lease ends.</summary>
    public long LeaseUntilMs { get; set; }

    /// <summary>Whether its lease holds.</summary>
    public bool IsAlive { get; set; }

    /// <summary>Told to report, and has not yet.</summary>
    public bool IsPoked { get; set; }

    /// <summary>What it runs, oldest first.</summary>
    public List<LiveAttempt> Attempts { get; } = [];

    public bool CanWork => IsAlive && Slots > 0;
}
