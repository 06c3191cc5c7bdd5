using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>
/// What the groups' logs have decided about shards, put together: who owned what at which epoch, and with what contents it went over. Each entry is looked at
/// when the first replica applies it; that all others come to the same state is checked elsewhere.
/// </summary>
internal sealed class ShardFacts(Marks marks, Action<string, string> fail)
{
    private readonly Dictionary<(ShardId Shard, long Epoch), GroupRef> _owners = [];
    private readonly Dictionary<(ShardId Shard, long Epoch), UInt128> _frozen = [];
    private readonly HashSet<(ShardId Shard, long Move)> _aborted = [];
    private readonly Dictionary<GroupRef, Group> _groups = [];
    private ShardMap? _map;

    /// <summary>Called when a shard is frozen.</summary>
    internal Action<ShardMove>? Froze { get; set; }

    /// <summary>A group that owns all shards from the beginning.</summary>
    internal void Begins(GroupRef owner, int shards)
    {
        for (int i = 0; i < shards; i++) _owners.Add((new ShardId(i), 1), owner);
    }

    /// <summary>A replica of a group has applied an entry.</summary>
    internal void Applied(KeyValueStateMachine store, in LogEntry entry)
    {
        if (!_groups.TryGetValue(store.Self, out Group? group)) _groups.Add(store.Self, group = new Group());
        if (entry.Index.Value <= group.Applied) return;
        group.Applied = entry.Index.Value;
        foreach ((ShardId shard, UInt128 seal) in group.Frozen)
            if (store.DescribeShard(shard) is { Phase: ShardPhase.Frozen } frozen && frozen.Seal != seal) fail("a frozen shard does not change", $"{store.Self} changed shard {shard} with {entry}");
        if (!KeyValueCodec.IsInternal(entry.Payload.Span) || HandoffCommand.Read(entry.Payload.Span, out HandoffCommand command).IsError) return;
        ShardId id = command.Move.Shard;
        ShardStatus now = store.DescribeShard(id);
        ShardStatus before = group.Shards.GetValueOrDefault(id) ?? Initial(store.Self, id);
        group.Shards[id] = now;
        if (now.Epoch < before.Epoch) fail("epochs only rise", $"{store.Self} went from epoch {before.Epoch} of shard {id} to {now.Epoch}");
        if (now.Failures > before.Failures) fail("a copy is what the source has", $"{store.Self} found shard {id} other than its source, {now.Move}, with {entry}");
        Mark(command.Kind, before, now);
        if (now.Phase == before.Phase && now.Epoch == before.Epoch) return;
        if (now.Phase == ShardPhase.Serving) Serves(store.Self, before, now);
        else if (now.Phase == ShardPhase.Frozen) Freezes(store.Self, group, now);
        else if (now.Phase == ShardPhase.Released && before.Phase == ShardPhase.Frozen) Releases(store.Self, group, now);
    }

    /// <summary>A replica of the controller has another map.</summary>
    internal void Planned(ShardMap map)
    {
        if (_map is { } last && map.Revision > last.Revision)
        {
            for (int i = 0; i < map.Shards.Length; i++) Planned(new ShardId(i), last.Shards[i], map.Shards[i]);
        }

        if (_map is null || map.Revision > _map.Revision) _map = map;
    }

    private ShardStatus Initial(GroupRef group, ShardId shard) =>
        _owners.TryGetValue((shard, 1), out GroupRef first) && first == group
            ? new ShardStatus { Shard = shard, Phase = ShardPhase.Serving, Epoch = 1 }
            : new ShardStatus { Shard = shard, Phase = ShardPhase.Absent };

    private void Planned(ShardId shard, in ShardPlace before, in ShardPlace now)
    {
        if (now.Epoch < before.Epoch || now.Epoch > before.Epoch + 1) fail("epochs only rise", $"the controller went from epoch {before.Epoch} of shard {shard} to {now.Epoch}");
        if (now.Epoch > before.Epoch && (!_owners.TryGetValue((shard, now.Epoch), out GroupRef owner) || owner.Gid != now.Owner))
            fail("the groups' logs decide", $"the controller says that {now.Owner} owns shard {shard} at epoch {now.Epoch}, but {owner} does");
        if (now.Epoch == before.Epoch && before.IsMoving && now.Move != before.Move)
        {
            if (_frozen.ContainsKey((shard, before.Epoch))) fail("the groups' logs decide", $"the controller takes move {before.Move} of shard {shard} for aborted, but its source has frozen it");
            _aborted.Add((shard, before.Move));
            marks.Reached("move: aborted");
        }

        if (now.ShouldAbort && !before.ShouldAbort) marks.Reached("move: no longer wanted");
        if (now.IsMoving && now.Move != before.Move) marks.Reached(now.Owner == 0 ? "move: planned, of a shard that nobody owns" : "move: planned");
    }

    private void Serves(GroupRef group, ShardStatus before, ShardStatus now)
    {
        if (now.Epoch == before.Epoch)
        {
            if (before.Phase != ShardPhase.Exporting) fail("after a freeze only forward", $"{group} serves shard {now.Shard} at epoch {now.Epoch} again after {before.Phase}");
            return;
        }

        if (_owners.TryGetValue((now.Shard, now.Epoch), out GroupRef other)) fail("one group serves a shard at an epoch", $"{group} and {other} serve shard {now.Shard} at epoch {now.Epoch}");
        _owners[(now.Shard, now.Epoch)] = group;
        if (_aborted.Contains((now.Shard, now.Move.Id))) fail("an aborted move never happens", $"{group} activated {now.Move}");
        if (now.Epoch == 1) return;
        if (!_frozen.TryGetValue((now.Shard, now.Epoch - 1), out UInt128 seal)) fail("nobody serves what another still owns", $"{group} activated {now.Move}, but its source is not frozen");
        else if (seal != now.Seal) fail("nothing is lost or added by a move", $"{group} activated {now.Move} with other contents than it was frozen with");
    }

    private void Freezes(GroupRef group, Group facts, ShardStatus now)
    {
        if (!_owners.TryGetValue((now.Shard, now.Epoch), out GroupRef owner) || owner != group) fail("one group serves a shard at an epoch", $"{group} froze shard {now.Shard} at epoch {now.Epoch}, which {owner} owns");
        _frozen[(now.Shard, now.Epoch)] = now.Seal;
        facts.Frozen.Add((now.Shard, now.Seal));
        Froze?.Invoke(now.Move);
    }

    private void Releases(GroupRef group, Group facts, ShardStatus now)
    {
        facts.Frozen.RemoveAll(frozen => frozen.Shard == now.Shard);
        if (!_owners.ContainsKey((now.Shard, now.Epoch + 1))) fail("a copy is dropped only when the next owner serves", $"{group} released shard {now.Shard} of epoch {now.Epoch}, and nobody else has it");
        if (now.Keys > 0 || now.Bytes > 0) fail("nothing is left over", $"{group} released shard {now.Shard}, but has {now.Keys} keys of it");
    }

    private void Mark(HandoffKind kind, ShardStatus before, ShardStatus now)
    {
        bool changed = now.Phase != before.Phase || now.Epoch != before.Epoch || now.Attempt != before.Attempt || now.Next != before.Next || now.Stage != before.Stage || now.Move != before.Move;
        marks.Reached($"hand-off: {kind}, {(changed ? "done" : "changes nothing")}");
        if (!changed) return;
        if (kind == HandoffKind.ExportBegin && now.Attempt > 1) marks.Reached(now.Phase == ShardPhase.Frozen ? "hand-off: a frozen shard is copied again" : "hand-off: a shard is copied again");
        if (kind == HandoffKind.ImportBegin && now.Attempt > 1) marks.Reached("hand-off: another attempt's copy is begun");
        if (kind == HandoffKind.ExportAbort) marks.Reached(before.Phase == ShardPhase.Exporting ? "hand-off: given up in the middle of the copy" : "hand-off: given up before it began");
        if (kind == HandoffKind.ImportCancel) marks.Reached(before.Phase == ShardPhase.Importing ? "hand-off: what came is thrown away" : "hand-off: refused before it began");
        if (kind == HandoffKind.ImportBegin && before.Phase == ShardPhase.Released) marks.Reached("hand-off: a shard comes back");
    }

    private sealed class Group
    {
        internal long Applied { get; set; }

        internal Dictionary<ShardId, ShardStatus> Shards { get; } = [];

        internal List<(ShardId Shard, UInt128 Seal)> Frozen { get; } = [];
    }
}
