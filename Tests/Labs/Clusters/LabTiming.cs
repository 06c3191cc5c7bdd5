using Quorleans.Raft;

namespace Quorleans.Labs;

/// <summary>How fast the servers' clocks tick for Raft.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="Options">The core's options.</param>
internal sealed record LabTiming(string Name, RaftOptions Options)
{
    /// <summary>As the labs' pages want it: at most ten heartbeats a second. Elections begin after 0.3 to 0.6 s.</summary>
    internal static LabTiming Course { get; } = new("course", new RaftOptions { TickMilliseconds = 20, HeartbeatTicks = 5, ElectionTicks = 15, RetransmitTicks = 15 });

    /// <summary>As it is shipped.</summary>
    internal static LabTiming Product { get; } = new("product", new RaftOptions());

    /// <summary>Odd seeds run with the labs' timing, even ones with the product's: the limits hold for both.</summary>
    internal static LabTiming Of(int seed) => seed % 2 == 0 ? Product : Course;
}
