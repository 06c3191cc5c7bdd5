using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.CrashPoints;

/// <summary>
/// A group whose only member is the node: what it answers with Ok it has promised alone. After a power cut its journal must be everything known before,
/// then the first few of what was proposed since, and no less than what was acknowledged.
/// </summary>
internal sealed class SoloScript
{
    private readonly Membership _alone = Membership.Initial([("n1", NodeLife.NodeId)]);
    private readonly List<long> _known = [];
    private readonly List<long> _proposed = [];
    private readonly HashSet<long> _acknowledged = [];
    private NodeLife? _life;
    private Term _term;
    private long _next;
    private bool _created;

    internal SoloScript(string name, long incarnation)
    {
        Id = new GroupId(name, incarnation);
        _next = incarnation * 1_000_000;
    }

    internal GroupId Id { get; }

    /// <summary>Takes over from what the disk holds, once that is checked.</summary>
    internal void Begin(NodeLife life)
    {
        _life = life;
        if (life.Node.HasGroup(Id.Name)) return;
        Task created = life.Node.CreateGroupAsync(Id, _alone.Voters[0].Id, _alone, life.Machines[Id.Name] = new JournalMachine());
        life.When(created, () => _created |= created.IsCompletedSuccessfully);
        life.RunLoop();
    }

    internal void Propose(int length)
    {
        long number = ++_next;
        _proposed.Add(number);
        Task<Outcome> outcome = _life!.Node.ProposeAsync(Id.Name, Id.Incarnation, JournalMachine.Command(number, length));
        _life.When(outcome, () => OnOutcome(number, outcome));
        _life.RunLoop();
    }

    /// <summary>Whether a write is acknowledged.</summary>
    internal bool Serves()
    {
        int before = _acknowledged.Count;
        Propose(100);
        _life!.Drain();
        return _acknowledged.Count > before;
    }

    private void OnOutcome(long number, Task<Outcome> outcome)
    {
        switch (outcome.Result.Status)
        {
            case OutcomeStatus.Ok: _acknowledged.Add(number); break;
            case OutcomeStatus.Unknown: break;
            default: _proposed.Remove(number); break;
        }
    }

    /// <summary>Checks what the log holds, before the node is started on it.</summary>
    internal void CheckLog(LogRecovery log)
    {
        RecoveredGroup? group = log.Groups.FirstOrDefault(group => group.Id == Id);
        if (group is null)
        {
            if (_created) throw new ViolationException($"{Id} is gone, though its creation was acknowledged");
            return;
        }

        _created = true;
        if (group.HardState.Term < _term) throw new ViolationException($"the term of {Id} went back from {_term} to {group.HardState.Term}");
        _term = group.HardState.Term;
    }

    /// <summary>Checks what the node serves; it becomes what is known.</summary>
    internal void CheckService(NodeLife life)
    {
        if (!life.Node.HasGroup(Id.Name)) return;
        for (int i = 0; i < 4 * NodeLife.Raft.ElectionTicks; i++)
        {
            life.Tick();
            life.Drain();
            ReplicaState state = life.Await(life.Node.GetStateAsync(Id.Name))!;
            if (state.Failure is { } failure) throw new ViolationException($"{Id} does not run: {failure}");
            if (state.Role != RaftRole.Leader || state.Applied != state.Last) continue;
            _term = state.Term;
            Take([.. life.Machines[Id.Name].Items.Select(static item => item.Number)]);
            return;
        }

        throw new ViolationException($"{Id} does not lead alone");
    }

    private void Take(List<long> served)
    {
        List<long> expected = [.. _known, .. _proposed];
        if (served.Count < _known.Count || !served.SequenceEqual(expected.Take(served.Count)))
            throw new ViolationException($"{Id} serves {Tail(served)}; expected were the first of {Tail(expected)}, and no fewer than {_known.Count}");
        foreach (long number in _acknowledged)
            if (!served.Contains(number)) throw new ViolationException($"{Id} has lost {number}, which was acknowledged; it serves {Tail(served)}");
        _known.Clear();
        _known.AddRange(served);
        _proposed.Clear();
        _acknowledged.Clear();
    }

    private static string Tail(List<long> numbers) => $"{numbers.Count} commands up to {string.Join(",", numbers.TakeLast(5))}";
}
