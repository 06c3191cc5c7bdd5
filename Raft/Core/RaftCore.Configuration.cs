namespace Quorleans.Raft;

// Configurations (paper §6): effective when they are in the log, gone when they are truncated. RaftCore.Membership.cs changes them.
public sealed partial class RaftCore
{
    private readonly List<Membership> _configurations = [];

    /// <summary>The configuration in force: the latest in the log, committed or not (paper §6).</summary>
    public Membership Membership => _configurations[^1];

    private void AdoptConfiguration(in LogEntry entry)
    {
        _configurations.Add(MembershipCodec.Decode(entry.Payload.Span) with { Index = entry.Index });
        if (Role != RaftRole.Leader) return;
        SyncPeers();
        ConfirmReads(); // perhaps nobody is left whose answer a round has to wait for
    }

    private void RevertConfiguration(LogIndex last)
    {
        while (_configurations.Count > 1 && Membership.Index > last) _configurations.RemoveAt(_configurations.Count - 1);
    }

    private void CompactConfigurations(LogIndex index)
    {
        while (_configurations.Count > 1 && _configurations[1].Index <= index) _configurations.RemoveAt(0);
    }

    /// <summary>The configuration before the first entry that the log holds.</summary>
    public Membership BaseMembership => _configurations[0];

    private Membership ConfigurationAt(LogIndex index)
    {
        Membership found = _configurations[0];
        foreach (Membership configuration in _configurations)
            if (configuration.Index <= index) found = configuration;
        return found;
    }

    private void SyncPeers()
    {
        foreach (Member member in Membership.All())
        {
            if (member.Id == Self || _peers.ContainsKey(member.Id)) continue;
            Progress peer = new(member);
            peer.Reset(Log.LastIndex.Next);
            _peers.Add(member.Id, peer);
        }

        for (int i = _peers.Count - 1; i >= 0; i--)
            if (!Membership.IsMember(_peers.GetKeyAtIndex(i))) _peers.RemoveAt(i);
        if (!Membership.IsVoter(_transferTarget)) _transferTarget = MemberId.None;
    }
}
