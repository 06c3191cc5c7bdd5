namespace Quorleans.Simulation;

/// <summary>A kind of fault. To add one, write how it begins and put it into a list of <see cref="All"/>.</summary>
/// <param name="Name">Its name, in reports and for <c>--without</c>.</param>
/// <param name="Area">What it belongs to: network, process, disk, leader, client, membership.</param>
/// <param name="Begin">Begins it, and plans its end. False when there was nothing to do; then it does not count.</param>
internal sealed record Fault(string Name, string Area, Func<FaultInjector, bool> Begin)
{
    /// <summary>Whether nodes may lose all they have by it.</summary>
    internal bool LosesDisks { get; init; }

    /// <summary>Every kind there is.</summary>
    internal static IReadOnlyList<Fault> All { get; } = [.. NetworkFaults.All, .. ProcessFaults.All, .. DiskFaults.All, .. LeaderFaults.All, .. ClientFaults.All, .. MembershipFaults.All];
}
