namespace Quorleans.Raft.Tests;

/// <summary>One member: a core, its disk, its state machine and the small driver between them. The disk outlives crashes, the rest does not.</summary>
internal sealed class CoreMember(IMemberHost host, MemberId id, Membership initial, RaftOptions options, int chunkBytes)
{
    private static readonly GroupId Group = new("g1", 1);

    private readonly RaftOutput _output = new();
    private readonly List<ReadState> _reads = [];
    private LogIndex _applyTo;
    private ChunkAssembler _chunks = new();

    internal MemberId Id => id;

    internal RaftOptions Options => options;

    internal FakeDisk Disk { get; } = new();

    internal RaftCore Core { get; private set; } = null!;

    internal DigestMachine Machine { get; private set; } = new();

    internal bool Up { get; private set; }

    /// <summary>Its group has removed it and its driver has deleted all it had: it never runs again.</summary>
    internal bool Retired { get; private set; }

    /// <summary>Counts its starts: what was begun in an earlier life must not reach a later one.</summary>
    internal int Life { get; private set; }

    /// <summary>The core was given something whose output is not taken yet.</summary>
    internal bool HasTurnDue { get; private set; }

    internal bool HasApplyWork => Up && _applyTo > Machine.Applied;

    internal void Start(ulong seed)
    {
        (Up, Life, Machine, _chunks) = (true, Life + 1, new DigestMachine(), new ChunkAssembler());
        HasTurnDue = false;
        _reads.Clear();
        if (Disk.Snapshot is { } snapshot) Machine.Load(Disk.File(snapshot.Index)!);
        _applyTo = Machine.Applied;
        RaftRestore restore = new()
        {
            HardState = Disk.HardState, InitialMembership = initial, Snapshot = Disk.Snapshot, Entries = [.. Disk.Entries],
        };
        Core = new RaftCore(options, Group, id, restore, seed);
        Pump();
    }

    internal void Crash(int survivingWrites)
    {
        Up = false;
        Disk.Crash(survivingWrites);
    }

    /// <summary>It knows that it was removed: its driver deletes what it has.</summary>
    internal void Retire() => (Up, Retired) = (false, true);

    internal void Tick()
    {
        Core.Tick();
        Pump();
    }

    internal void Step(RaftMessage message)
    {
        Core.Step(message);
        Pump();
    }

    internal ProposeResult Propose(ReadOnlyMemory<byte> payload)
    {
        ProposeResult result = Core.Propose(payload);
        Pump();
        return result;
    }

    internal MembershipChangeResult Change(MembershipChange change)
    {
        MembershipChangeResult result = Core.ProposeConfig(change);
        Pump();
        return result;
    }

    internal void Read(long context)
    {
        if (!Core.RequestRead(context)) host.ReadEnded(this, new ReadState(context, false, default));
        Pump();
    }

    /// <summary>The oldest writes become durable, as one fsync would cover them, and are acknowledged by the last one's token.</summary>
    internal void CompleteWrite(int count = 1)
    {
        DurabilityToken? token = null;
        for (; count > 0 && Disk.Pending > 0; count--)
        {
            FakeDisk.Completion done = Disk.Complete();
            token = done.Token ?? token;
            if (done.Snapshot is null) continue;
            if (token is { } before) Core.OnAppended(before);
            Core.OnSnapshotTaken(done.Snapshot, done.CompactTo);
            DeleteOldFiles();
        }

        if (token is { } last) Core.OnAppended(last);
        Pump();
    }

    /// <summary>Applies the next entries that were handed out.</summary>
    internal void Apply(int count = int.MaxValue)
    {
        for (; count > 0 && Machine.Applied < _applyTo; count--)
        {
            LogEntry entry = Core.Log[Machine.Applied.Next];
            Machine.Apply(entry);
            host.Applied(this, entry);
            Core.OnApplied(entry.Index);
        }

        EndReads();
        Pump();
    }

    /// <summary>Writes a snapshot's file and queues the record that refers to it.</summary>
    /// <param name="keepEntries">How many entries before it stay in the log.</param>
    internal bool TakeSnapshot(int keepEntries)
    {
        if (Core.Applied != Machine.Applied || Core.Applied <= (Core.Snapshot?.Index ?? LogIndex.Zero)) return false;
        SnapshotMetadata snapshot = Core.DescribeSnapshot();
        Disk.SaveFile(snapshot.Index, Machine.Save());
        Disk.EnqueueSnapshot(snapshot, LogIndex.Max(LogIndex.Zero, snapshot.Index + -keepEntries));
        host.WriteQueued(this);
        return true;
    }

    /// <summary>The snapshot that arrived is loaded: install it, if the core still wants it.</summary>
    internal void Load()
    {
        if (_chunks.TakeLoaded() is not { } loaded) return;
        Disk.SaveFile(loaded.Request.Snapshot!.Index, loaded.File);
        if (Core.OnSnapshotReceived(loaded.Request))
        {
            Machine = new DigestMachine();
            Machine.Load(loaded.File);
            _applyTo = Machine.Applied;
            host.Installed(this);
            EndReads();
        }

        Pump();
    }

    /// <summary>Takes what the core wants done and does it; or later, if the host wants so.</summary>
    internal void Pump()
    {
        HasTurnDue = host.DefersTurn(this);
        if (!HasTurnDue) Turn();
    }

    internal void Turn()
    {
        HasTurnDue = false;
        do
        {
            Core.TakeOutput(_output);
            host.Taken(this, _output);
            CarryOut();
        }
        while (TakeChunks());
    }

    private void CarryOut()
    {
        if (_output.Token is not null)
        {
            Disk.Enqueue(Core, _output);
            host.WriteQueued(this);
        }

        foreach (RaftMessage message in _output.Messages) Send(message);
        if (_output.ApplyTo >= _output.ApplyFrom)
        {
            Invariant.Check(_output.ApplyFrom == _applyTo.Next, $"Member {id} is to apply from {_output.ApplyFrom} after {_applyTo}.");
            _applyTo = _output.ApplyTo;
            host.ApplyReady(this);
        }

        foreach (ReadState read in _output.Reads)
        {
            if (read.Confirmed && read.Index > Machine.Applied) _reads.Add(read);
            else host.ReadEnded(this, read);
        }
    }

    private void Send(RaftMessage message)
    {
        if (message.Kind != MessageKind.InstallSnapshot)
        {
            host.Send(this, message);
            return;
        }

        byte[]? file = Disk.File(message.Snapshot!.Index);
        Invariant.Check(file is not null, $"Member {id} is to send snapshot {message.Snapshot.Index}, whose file it has deleted.");
        int offset = (int)message.Offset;
        host.Send(this, message.WithChunk(file.AsMemory(offset, Math.Min(chunkBytes, file.Length - offset)), file.Length));
    }

    private bool TakeChunks()
    {
        if (_output.Chunks.Count == 0) return false;
        RaftMessage[] chunks = [.. _output.Chunks];
        foreach (RaftMessage chunk in chunks)
        {
            switch (_chunks.Receive(chunk))
            {
                case { } next: Core.OnSnapshotChunk(chunk, next); break;
                case null when _chunks.JustCompleted: host.LoadReady(this); break;
                default: break;
            }
        }

        return true;
    }

    private void EndReads()
    {
        for (int i = _reads.Count - 1; i >= 0; i--)
        {
            if (_reads[i].Index > Machine.Applied) continue;
            host.ReadEnded(this, _reads[i]);
            _reads.RemoveAt(i);
        }
    }

    private void DeleteOldFiles()
    {
        LogIndex keep = Core.Snapshot?.Index ?? LogIndex.Zero;
        if (Core.OldestSnapshotInUse is { } used) keep = LogIndex.Min(keep, used);
        Disk.DeleteFilesBelow(keep);
    }
}
