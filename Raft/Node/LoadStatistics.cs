namespace Quorleans.Raft.Node;

/// <summary>What clients wait for at a node, and what was refused to them. Any thread may read.</summary>
public sealed class LoadStatistics
{
    private readonly Admission _admission;

    internal LoadStatistics(Admission admission) => _admission = admission;

    /// <summary>Clients' batches that wait for the node's loop or for their outcome.</summary>
    public int Submissions => _admission.Count;

    /// <summary>Their bytes.</summary>
    public long SubmissionBytes => _admission.Bytes;

    /// <summary>Batches that were refused as busy since the node was started.</summary>
    public long Refused => _admission.Refused;
}
