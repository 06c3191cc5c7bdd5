namespace Quorleans.Raft.Tests;

internal sealed partial class CoreCluster
{
    private const int MaximumId = 40;
    private readonly int[] _drift = [10, 9, 12, 10, 8, 11]; // milliseconds between ticks: no two clocks agree
    private readonly long[] _pausedUntil;

    /// <summary>Ends all faults: everybody runs, everything is delivered, disks are quick. Clients fall silent.</summary>
    internal void Heal()
    {
        _network.Heal();
        _clients = false;
        Array.Clear(_pausedUntil);
        _profile = _profile with
        {
            LossPercent = 0, DuplicatePercent = 0, MaxDelay = 3, MaxDiskDelay = 3, MaxApplyDelay = 1, DeferPercent = 0,
            Crashes = false, Partitions = false, Pauses = false, Snapshots = false, Transfers = false, Changes = false,
        };
        foreach (CoreMember member in _members)
            if (!member.Up && !member.Retired) Start(member);
    }

    private void RunFault()
    {
        Push(EventKind.Fault, null, 1 + _random.Next(2 * _profile.FaultInterval));
        CoreMember member = _members[_random.Next(_members.Count)];
        switch (_random.Next(_profile.Changes ? 16 : 8))
        {
            case 0 or 1 when _profile.Crashes: CrashOrRestart(member); break;
            case 2 when _profile.Partitions: Partition(member); break;
            case 3: _network.Heal(); break;
            case 4 when _profile.Pauses: _pausedUntil[member.Id.Value] = Now + _random.Next(600); break;
            case 5 or 6 when _profile.Snapshots && member.Up: member.TakeSnapshot(_random.Next(4)); break;
            case 7 when _profile.Transfers && Leader is { } leader:
                _trace?.Add($"{Now,6} transfer {leader.Id} to {member.Id}");
                leader.Core.TransferLeadership(member.Id);
                leader.Pump();
                Checker.Check(leader);
                break;
            case > 7 when Leader is { } changing && _pausedUntil[changing.Id.Value] <= Now: Change(changing); break;
            default: break;
        }

        // Nobody stays down for the rest of the run.
        foreach (CoreMember down in _members)
            if (!down.Up && !down.Retired && _random.Next(3) == 0) CrashOrRestart(down);
    }

    private void CrashOrRestart(CoreMember member)
    {
        _trace?.Add($"{Now,6} {(member.Up ? "crash" : "restart")} {member.Id}");
        if (member.Up) member.Crash(_random.Next(3));
        else if (!member.Retired) Start(member);
    }

    /// <summary>Some change, sensible or not: the core has to refuse what it must.</summary>
    private void Change(CoreMember leader)
    {
        Membership now = leader.Core.Membership;
        MembershipChange change = new() { Expected = _random.Next(10) == 0 ? now.Index.Previous : now.Index, Force = _random.Next(10) == 0 };
        int shape = _random.Next(5);
        bool room = now.NextId.Value < MaximumId - 1 && now.Voters.Length + now.Learners.Length < 7;
        if (shape <= 1 && room) change = change with { Add = [new NewMember($"n{now.NextId}", new Guid(now.NextId.Value, (short)now.Index.Value, 0, new byte[8]))] };
        if (shape >= 2 && now.Learners.Length > 0) change = change with { Promote = [now.Learners[_random.Next(now.Learners.Length)].Id] };
        if (shape is 1 or 3) change = change with { Remove = [now.Voters[_random.Next(now.Voters.Length)].Id] };
        if (shape == 4 && now.Learners.Length > 1) change = change with { Promote = [], Remove = [now.Learners[0].Id] };
        MembershipChangeResult result = leader.Change(change);
        _trace?.Add($"{Now,6} change {leader.Id}: {result}");
        if (result.Status == MembershipChangeStatus.Accepted) Changes++;
        Checker.Check(leader);
    }

    private void Partition(CoreMember member)
    {
        int shape = _random.Next(4);
        _trace?.Add($"{Now,6} partition {shape} around {member.Id}");
        foreach (CoreMember other in _members)
        {
            bool apart = shape == 3 ? (other.Id.Value + member.Id.Value) % 2 == 0 : true;
            if (shape is 0 or 1 && apart) _network.Cut(member.Id, other.Id);
            if (shape is 0 or 2 && apart) _network.Cut(other.Id, member.Id);
            if (shape != 3) continue;
            foreach (CoreMember third in _members)
                if ((third.Id.Value + member.Id.Value) % 2 == 0 != apart) _network.Cut(other.Id, third.Id);
        }
    }

    /// <summary>The transport tells that a request was not delivered.</summary>
    private static void ReportLost(CoreMember member, RaftMessage message)
    {
        if (message.Kind == MessageKind.ReadIndex) member.Core.OnReadIndexLost(message.Sequence);
        else member.Core.OnUnreachable(message.To, message.Sequence);
        member.Pump();
    }

    private static bool IsRequest(MessageKind kind) => (int)kind % 2 == 1;
}
