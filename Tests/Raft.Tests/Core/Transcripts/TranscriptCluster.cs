using System.Globalization;
using System.Text;

namespace Quorleans.Raft.Tests;

/// <summary>A cluster in which nothing goes on by itself: each hop, write and tick is a command, and whatever comes of it is a line of text.</summary>
internal sealed class TranscriptCluster : IMemberHost
{
    private readonly List<CoreMember> _members = [];
    private readonly List<RaftMessage> _inFlight = [];
    private readonly List<string> _lines;
    private readonly FakeNetwork _network;
    private readonly ClusterChecker _checker;

    internal TranscriptCluster(int voters, int learners, int spares, RaftOptions options, List<string> lines)
    {
        int count = voters + learners + spares;
        (_lines, _network) = (lines, new FakeNetwork(count));
        List<(string, Guid)> nodes = [];
        for (int id = 1; id <= voters + learners; id++) nodes.Add(($"n{id}", Disk(id)));
        Membership all = Membership.Initial(nodes);
        Membership initial = all with { Voters = all.Voters[..voters], Learners = all.Voters[voters..] };
        _checker = new ClusterChecker(_members, count, initial);
        for (int id = 1; id <= count; id++)
        {
            _members.Add(new CoreMember(this, new MemberId(id), initial, options, chunkBytes: 16));
            Start(id);
        }

        _lines.Clear(); // that everybody begins as a follower is no news
    }

    internal CoreMember Member(int id) => _members[id - 1];

    internal IReadOnlyList<CoreMember> Members => _members;

    internal void Start(int id)
    {
        CoreMember member = Member(id);
        member.Start((ulong)(id * 1000 + member.Life));
        Touched(member);
    }

    internal void Campaign(int id)
    {
        Member(id).Core.StartElection();
        Turn(id);
    }

    internal void Propose(int id, string text)
    {
        ProposeResult result = Member(id).Propose(Encoding.UTF8.GetBytes(text));
        _checker.Proposed(Member(id), result);
        _lines.Add(result.Status == ProposeStatus.Accepted ? $"{id}: takes it at {result.Index}" : $"{id}: {result.Status}");
        Touched(Member(id));
    }

    internal void Read(int id, long context)
    {
        _checker.ReadBegun(context);
        Member(id).Read(context);
        Touched(Member(id));
    }

    internal void Transfer(int id, int target)
    {
        _lines.Add($"{id}: {Member(id).Core.TransferLeadership(new MemberId(target))}");
        Turn(id);
    }

    /// <summary>The disk that a member is bound to.</summary>
    internal static Guid Disk(int id) => new(id, 0, 0, new byte[8]);

    internal void Change(int id, MembershipChange change)
    {
        MembershipChangeResult result = Member(id).Change(change);
        _lines.Add(result.Status == MembershipChangeStatus.Accepted
            ? $"{id}: takes it at {result.Index}: {Describe(Member(id).Core.Membership)}"
            : $"{id}: {result.Status}");
        if (result.Error is not null) _lines.Add($"{id}: \"{result.Error}\"");
        Touched(Member(id));
    }

    internal void DescribeMembers(int id)
    {
        RaftCore core = Member(id).Core;
        _lines.Add($"{id}: {Describe(core.Membership)}, committed {core.Membership.Index <= core.Commit}");
        foreach (MemberProgress member in core.DescribeMembers())
            _lines.Add($"{id}: {member.Member.Id} {member.Kind} match={member.Match}{(member.IsActive ? "" : " silent")}{(member.IsCaughtUp ? " caught up" : "")}"
                + (member.SnapshotOffset < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" snapshot at {member.SnapshotOffset}")));
    }

    private static string Describe(Membership membership)
    {
        string text = $"config {membership.Index} voters{Ids(membership.Voters)}";
        if (membership.IsJoint) text += $" and{Ids(membership.Outgoing)}";
        if (!membership.Learners.IsEmpty) text += $" learners{Ids(membership.Learners)}";
        return $"{text} next {membership.NextId}";
    }

    private static string Ids(IEnumerable<Member> members) => string.Concat(members.Select(member => $" {member.Id}"));

    internal void Tick(int id, int count)
    {
        for (; count > 0; count--)
        {
            Member(id).Tick();
            Touched(Member(id));
        }
    }

    internal void Durable(int id, int count)
    {
        CoreMember member = Member(id);
        if (member.Disk.Pending == 0) _lines.Add($"{id}: nothing to write");
        for (; count > 0 && member.Disk.Pending > 0; count--)
        {
            member.CompleteWrite();
            Touched(member);
        }
    }

    internal void Crash(int id, int survivors)
    {
        Member(id).Crash(survivors);
        _lines.Add($"{id}: down");
    }

    internal void Snapshot(int id, int keep)
    {
        if (!Member(id).TakeSnapshot(keep)) _lines.Add($"{id}: nothing new to take");
    }

    internal void Load(int id)
    {
        Member(id).Load();
        Touched(Member(id));
    }

    /// <summary>Delivers what is in flight now; what comes of it stays in flight.</summary>
    /// <param name="chosen">Which messages.</param>
    /// <param name="which">How many of these, from the oldest; or -1 for the newest alone.</param>
    internal bool Deliver(Func<RaftMessage, bool> chosen, int which)
    {
        List<RaftMessage> now = _inFlight.FindAll(message => chosen(message));
        if (which < 0 && now.Count > 1) now.RemoveRange(0, now.Count - 1);
        else if (which >= 0 && now.Count > which) now.RemoveRange(which, now.Count - which);
        foreach (RaftMessage message in now)
        {
            _inFlight.Remove(message);
            CoreMember to = Member(message.To.Value);
            _lines.Add($"deliver {message}{(to.Up ? "" : " (down)")}");
            if (!to.Up) continue;
            to.Step(message);
            Touched(to);
        }

        return now.Count > 0;
    }

    internal void Drop(Func<RaftMessage, bool> chosen)
    {
        foreach (RaftMessage message in _inFlight.FindAll(message => chosen(message)))
        {
            _inFlight.Remove(message);
            _lines.Add($"drop {message}");
        }
    }

    /// <summary>Doubles what is in flight; the copies are the newest.</summary>
    internal void Copy(Func<RaftMessage, bool> chosen) => _inFlight.AddRange(_inFlight.FindAll(message => chosen(message)));

    internal void Cut(int from, int to) => _network.Cut(new MemberId(from), new MemberId(to));

    internal void Isolate(int id) => _network.Isolate(new MemberId(id));

    internal void Heal() => _network.Heal();

    internal void InFlight()
    {
        foreach (RaftMessage message in _inFlight) _lines.Add(message.ToString());
    }

    internal void Log(int id)
    {
        RaftLog log = Member(id).Core.Log;
        StringBuilder text = new($"{id}: base={log.BaseIndex}/{log.BaseTerm}");
        foreach (ref readonly LogEntry entry in log.Range(log.FirstIndex, log.LastIndex))
            text.Append(CultureInfo.InvariantCulture, $" [{entry} {Payload(entry)}]");
        _lines.Add(text.Replace(" ]", "]").ToString());
    }

    private static string Payload(in LogEntry entry) => entry.Kind == EntryKind.Configuration
        ? Describe(MembershipCodec.Decode(entry.Payload.Span))
        : Encoding.UTF8.GetString(entry.Payload.Span);

    internal void Status()
    {
        foreach (CoreMember member in _members)
        {
            RaftCore core = member.Core;
            _lines.Add(member.Up
                ? $"{member.Id}: {core.Role} term={core.Term} vote={core.Vote} leader={core.Leader} log={core.Log.BaseIndex}..{core.Log.LastIndex}/{core.Log.LastTerm} "
                    + $"commit={core.Commit} applied={core.Applied} durable={core.Durable}"
                : $"{member.Id}: down, disk {member.Disk.HardState.Term}/{member.Disk.HardState.Vote} {member.Disk.BaseIndex}..{member.Disk.LastIndex}");
        }
    }

    /// <summary>Writes and delivers among some members until nothing moves. No time passes, and snapshots that arrived are not loaded.</summary>
    internal void Stabilize(HashSet<int> among)
    {
        bool moved = true;
        for (int rounds = 0; moved; rounds++)
        {
            if (rounds > 200) throw new InvalidDataException("It does not come to rest.");
            moved = Deliver(message => among.Contains(message.To.Value) && among.Contains(message.From.Value), int.MaxValue);
            foreach (CoreMember member in _members)
            {
                if (!member.Up || !among.Contains(member.Id.Value)) continue;
                if (member.Disk.Pending == 0) continue;
                Durable(member.Id.Value, int.MaxValue);
                moved = true;
            }
        }
    }

    private void Turn(int id)
    {
        Member(id).Pump();
        Touched(Member(id));
    }

    private void Touched(CoreMember member)
    {
        if (member.Up) _checker.Check(member);
    }

    bool IMemberHost.DefersTurn(CoreMember member) => false;

    void IMemberHost.Taken(CoreMember member, RaftOutput output)
    {
        RaftCore core = member.Core;
        if (output.RoleChanged) _lines.Add(core.IsRemoved ? $"{member.Id}: removed" : $"{member.Id}: {core.Role} term={core.Term} leader={core.Leader}");
        if (output.Token is not { } token) return;
        StringBuilder text = new($"{member.Id}: writes #{token.Version}");
        if (output.Restore is { } restore) text.Append(CultureInfo.InvariantCulture, $" snapshot={restore.Index}/{restore.Term}{(output.RestoreKeepsLog ? " keeping the log" : "")}");
        if (output.HardState is { } state) text.Append(CultureInfo.InvariantCulture, $" term={state.Term} vote={state.Vote} commit={state.Commit}");
        foreach (ref readonly LogEntry entry in core.Log.Range(output.AppendFrom, output.AppendTo)) text.Append(CultureInfo.InvariantCulture, $" [{entry}]");
        _lines.Add(text.ToString());
    }

    void IMemberHost.Send(CoreMember member, RaftMessage message)
    {
        ClusterChecker.CheckSent(member, message);
        bool cut = _network.IsCut(message.From, message.To);
        _lines.Add($"send {message}{(cut ? " (cut)" : "")}");
        if (!cut) _inFlight.Add(message);
    }

    void IMemberHost.WriteQueued(CoreMember member) { }

    void IMemberHost.ApplyReady(CoreMember member)
    {
        Touched(member); // the commit comes before the apply
        LogIndex from = member.Machine.Applied.Next;
        member.Apply();
        _lines.Add($"{member.Id}: applies {from}..{member.Machine.Applied}");
    }

    void IMemberHost.LoadReady(CoreMember member) => _lines.Add($"{member.Id}: has the whole snapshot");

    void IMemberHost.Applied(CoreMember member, in LogEntry entry) => _checker.Applied(member, entry);

    void IMemberHost.Installed(CoreMember member)
    {
        _checker.Installed(member);
        _lines.Add($"{member.Id}: installs snapshot {member.Machine.Applied}");
    }

    void IMemberHost.ReadEnded(CoreMember member, ReadState read)
    {
        _checker.ReadEnded(member, read);
        _lines.Add($"{member.Id}: read {read.Context} {(read.Confirmed ? $"at {read.Index}" : "refused")}");
    }
}
