using System.Diagnostics.CodeAnalysis;

namespace Quorleans.Grains.Placement;

/// <summary>Says which silo hosts a node, as far as this silo's view of the cluster goes.</summary>
/// <param name="membership">The cluster's membership.</param>
public sealed class HomeLocator(IClusterMembershipService membership)
{
    /// <summary>Finds the newest active silo that bears the node's name.</summary>
    /// <param name="node">The node's name, which is the silo's name.</param>
    /// <param name="silo">Its address.</param>
    /// <returns>Whether there is one.</returns>
    /// <remarks>
    /// A restarted node is a new silo under the same name, and the old one's row may still say Active until Orleans has noticed: the
    /// newest is the one whose process holds the node's data directory now.
    /// </remarks>
    public bool TryFind(string node, [NotNullWhen(true)] out SiloAddress? silo)
    {
        silo = null;
        foreach ((SiloAddress address, ClusterMember member) in membership.CurrentSnapshot.Members)
        {
            if (member.Status != SiloStatus.Active || !string.Equals(member.Name, node, StringComparison.Ordinal)) continue;
            if (silo is null || IsNewer(address, silo)) silo = address;
        }

        return silo is not null;
    }

    /// <summary>The nodes whose silos are active.</summary>
    public IReadOnlyList<string> Nodes =>
        [.. membership.CurrentSnapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active).Select(static member => member.Name).Distinct(StringComparer.Ordinal)];

    // A generation is the second in which the silo started. Two of one second are told apart by address, so that every silo chooses alike.
    private static bool IsNewer(SiloAddress left, SiloAddress right) =>
        left.Generation != right.Generation ? left.Generation > right.Generation : left.CompareTo(right) > 0;
}
