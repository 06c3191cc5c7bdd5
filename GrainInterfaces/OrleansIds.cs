namespace Quorleans.GrainInterfaces;

/// <summary>
/// What Orleans calls the cluster and the service, the same in every Quorleans cluster: a client must give them when it connects and
/// knows no more than a gateway's address. Clusters are told apart by the id in their data directories, which guards every Raft message.
/// </summary>
public static class OrleansIds
{
    /// <summary>For <c>ClusterOptions.ClusterId</c>.</summary>
    public const string ClusterId = "quorleans";

    /// <summary>For <c>ClusterOptions.ServiceId</c>.</summary>
    public const string ServiceId = "quorleans";
}
