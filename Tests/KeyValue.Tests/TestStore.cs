using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

/// <summary>A state machine with a log position and time of its own, spoken to in strings.</summary>
internal sealed class TestStore
{
    private readonly ShardFunction _shardFunction;
    private readonly KeyValueLimits _limits;
    private readonly GroupRef _self;
    private readonly bool _ownsAll;
    private readonly HandoffLimits? _handoff;
    private long _index;

    public TestStore(
        KeyValueLimits? limits = null, ShardFunction? shardFunction = null, GroupRef? self = null, bool ownsAll = true, HandoffLimits? handoff = null)
    {
        _self = self ?? new GroupRef(1, 1);
        _ownsAll = ownsAll;
        _handoff = handoff;
        _limits = limits ?? KeyValueLimits.Default;
        _shardFunction = shardFunction ?? ShardFunction.Default;
        Machine = NewMachine();
    }

    public KeyValueStateMachine Machine { get; private set; }

    public long Now { get; set; } = 1000;

    public static ClientId Client(int number) => new((UInt128)number + 1);

    public static WriteOperation Put(long sequence, string key, string value, long floor = 0, long deadline = 0) =>
        Write(OperationKind.Put, sequence, key, value, floor, deadline);

    public static WriteOperation Append(long sequence, string key, string value, long floor = 0, long deadline = 0) =>
        Write(OperationKind.Append, sequence, key, value, floor, deadline);

    public static WriteOperation Delete(long sequence, string key, long floor = 0, long deadline = 0) =>
        Write(OperationKind.Delete, sequence, key, "", floor, deadline);

    public static WriteOperation CompareAndSet(long sequence, string key, long expected, string value, long floor = 0, long deadline = 0) =>
        Write(OperationKind.CompareAndSet, sequence, key, value, floor, deadline) with { ExpectedVersion = expected };

    public OperationResult[] Apply(int client, params ReadOnlySpan<WriteOperation> operations) => Read(ApplyRaw(client, operations));

    public OperationResult Apply1(int client, WriteOperation operation) => Assert.Single(Apply(client, operation));

    public ReadOnlyMemory<byte> ApplyRaw(int client, params ReadOnlySpan<WriteOperation> operations)
    {
        var builder = new WriteBatchBuilder(_limits);
        builder.Begin(Client(client));
        foreach (WriteOperation operation in operations) Assert.True(builder.TryAdd(operation));
        return ApplyPayload(builder.ToArray(), wantResult: true);
    }

    public HandoffOutcome Step(HandoffCommand command)
    {
        byte[] result = ApplyPayload(command.ToArray(), wantResult: true).ToArray();
        Assert.Equal([KeyValueCodec.HandoffResult, KeyValueCodec.FirstVersion], result[..2]);
        return (HandoffOutcome)result[2];
    }

    public PullAnswer Pull(PullRequest request)
    {
        byte[] payload = request.ToArray();
        Assert.Null(Machine.Validate(payload, isQuery: true));
        Assert.False(PullAnswer.Read(Machine.Query(payload), out PullAnswer answer).IsError);
        return answer;
    }

    public ReadOnlyMemory<byte> ApplyPayload(byte[] payload, bool wantResult)
    {
        Assert.Null(Machine.Validate(payload, isQuery: false));
        var entry = new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, new LogTime(Now), payload);
        return Machine.Apply(entry, wantResult);
    }

    public OperationResult[] Query(params ReadOnlySpan<ReadOperation> operations)
    {
        var builder = new ReadBatchBuilder(_limits);
        builder.Begin();
        foreach (ReadOperation operation in operations) Assert.True(builder.TryAdd(operation));
        byte[] payload = builder.ToArray();
        Assert.Null(Machine.Validate(payload, isQuery: true));
        return Read(Machine.Query(payload));
    }

    public (string? Value, long Version) Get(string key)
    {
        OperationResult result = Assert.Single(Query(ReadOperation.Get(UTF8.GetBytes(key))));
        return result.Status == OperationStatus.NotFound ? (null, result.Version) : (UTF8.GetString(result.Value.Span), result.Version);
    }

    public (string[] Keys, string? Continuation) Scan(
        string prefix = "", string from = "", string to = "", string after = "", int limit = 1000, byte[]? shards = null)
    {
        OperationResult result = Assert.Single(Query(ReadOperation.Scan(
            UTF8.GetBytes(prefix), UTF8.GetBytes(from), UTF8.GetBytes(to), UTF8.GetBytes(after), limit, shards)));
        Assert.Equal(OperationStatus.Ok, result.Status);
        var keys = new List<string>();
        foreach (KeyValueItem item in result.Items) keys.Add(UTF8.GetString(item.Key.Span));
        Assert.Equal(result.Items.Count, keys.Count);
        return ([.. keys], result.Continuation is { } continuation ? UTF8.GetString(continuation.Span) : null);
    }

    public byte[] Snapshot()
    {
        using ISnapshotView view = Machine.Capture();
        return Written(view);
    }

    public static byte[] Written(ISnapshotView view)
    {
        using var stream = new MemoryStream();
        view.WriteTo(stream, CancellationToken.None);
        return stream.ToArray();
    }

    /// <summary>Goes on from a snapshot in a new machine, as after a restart.</summary>
    public void RestoreFrom(byte[] snapshot)
    {
        Machine = NewMachine();
        Machine.Install(Machine.Load(new MemoryStream(snapshot), CancellationToken.None));
    }

    public static OperationResult[] Read(ReadOnlyMemory<byte> payload)
    {
        var reader = new ResultBatchReader(payload);
        var results = new List<OperationResult>();
        while (reader.TryRead(out OperationResult result)) results.Add(result);
        Assert.False(reader.Error.IsError, reader.Error.ToString());
        Assert.Equal(reader.Count, results.Count);
        return [.. results];
    }

    private static WriteOperation Write(OperationKind kind, long sequence, string key, string value, long floor, long deadline) => new()
    {
        Kind = kind, Sequence = sequence, Floor = floor, DeadlineMs = deadline, Key = UTF8.GetBytes(key), Value = UTF8.GetBytes(value),
    };

    private KeyValueStateMachine NewMachine() => new(_shardFunction, _limits, _self, _ownsAll, _handoff);
}
