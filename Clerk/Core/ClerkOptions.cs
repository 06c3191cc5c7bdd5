using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>How a Clerk works. Every option has a default that fits an embedded cluster; a Clerk reads them once, when it is made.</summary>
public sealed class ClerkOptions
{
    /// <summary>
    /// The replica group that holds all shards as long as nothing else is known. Default <c>g1</c>, which a cluster is created with. Groups of
    /// other numbers have names of the same form.
    /// </summary>
    public string Group { get; set; } = "g1";

    /// <summary>
    /// The shard controller's group, which is asked who serves which shard: <c>ctl</c>. Null, the default, for a cluster without one; then only
    /// replicas that refuse an operation tell where its shard is.
    /// </summary>
    public string? Controller { get; set; }

    /// <summary>
    /// How old the map of shards may become while the Clerk is in use. Default 30 s. It is asked for at once when a shard cannot be found;
    /// this only spares operations that detour.
    /// </summary>
    public TimeSpan MapRefresh { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The nodes that the Clerk asks first for the group's leader and for the controller's. Default n1, n2, n3. More are learnt from their
    /// answers, so one live node is enough.
    /// </summary>
    public IReadOnlyList<string> Nodes { get; set; } = ["n1", "n2", "n3"];

    /// <summary>
    /// How long an operation may take over all its attempts. Default 10 s. Past it the caller gets
    /// <see cref="ClerkError.DeadlineExceeded"/>, and the cluster refuses whatever is still on its way.
    /// </summary>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long one attempt may take before the operation is sent again, under the same sequence number. Default 2 s. Shorter heals
    /// faster from a lost call; shorter than a busy leader's answer makes it busier.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the leader may be silent, with a call in flight, before the other replicas are asked whether another one leads.
    /// Default 150 ms. This, and not <see cref="AttemptTimeout"/>, decides how fast a fail-over is noticed.
    /// </summary>
    public TimeSpan SuspectAfter { get; set; } = TimeSpan.FromMilliseconds(150);

    /// <summary>The first pause before a replica is asked again. Doubles up to <see cref="MaxBackOff"/>, with jitter. Default 10 ms.</summary>
    public TimeSpan MinBackOff { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest pause before a replica is asked again. Default 200 ms.</summary>
    public TimeSpan MaxBackOff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Whether operations that are outstanding at the same time share grain calls. Default true. False sends each in a call of its own, at once:
    /// only good for measuring what batching is worth.
    /// </summary>
    public bool Batching { get; set; } = true;

    /// <summary>
    /// How many batches of one kind (writes, or reads) may be in flight to a group. Default 2. One gives the largest batches; two
    /// keep the leader's disk busy while an answer travels. While as many calls are in flight, each further node that leads gets one at a time, and, where
    /// 64 operations and more are under way, waits with a smaller one until another is answered, 10 ms at most.
    /// </summary>
    public int MaxBatchesInFlight { get; set; } = 2;

    /// <summary>How many operations a batch may hold. Default 512.</summary>
    public int MaxBatchOperations { get; set; } = 512;

    /// <summary>How many bytes of keys and values a batch may hold; a single operation may be larger. Default 256 KiB.</summary>
    public int MaxBatchBytes { get; set; } = 256 * 1024;

    /// <summary>How many operations may be outstanding; one more is refused with <see cref="ClerkError.Busy"/>. Default 100,000.</summary>
    public int MaxOutstandingOperations { get; set; } = 100_000;

    /// <summary>How many bytes of keys and values may be outstanding before <see cref="ClerkError.Busy"/>. Default 256 MiB.</summary>
    public long MaxOutstandingBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// The cluster's limits for keys, values and batches, checked before anything is sent. Default <see cref="KeyValueLimits.Default"/>. A
    /// cluster with lower ones refuses what is over them, with the same kind of error.
    /// </summary>
    public KeyValueLimits Limits { get; set; } = KeyValueLimits.Default;

    /// <summary>The cluster's shard function. Default <see cref="ShardFunction.Default"/>. Every Clerk of a cluster must use the cluster's.</summary>
    public ShardFunction Shards { get; set; } = ShardFunction.Default;

    /// <summary>Checks that the options make sense together.</summary>
    /// <exception cref="ArgumentException">One does not; the message names it, its value and what is allowed.</exception>
    public void Validate()
    {
        Require(!string.IsNullOrEmpty(Group), nameof(Group), Group, "a group's name, such as g1");
        Require(Nodes is { Count: > 0 }, nameof(Nodes), "none", "at least one node's name");
        foreach (string node in Nodes) Require(!string.IsNullOrWhiteSpace(node), nameof(Nodes), "an empty name", "node names");
        Require(Controller != Group, nameof(Controller), Controller, "another group than the one that holds data, or null");
        RequirePositive(MapRefresh, nameof(MapRefresh));
        RequirePositive(OperationTimeout, nameof(OperationTimeout));
        RequirePositive(AttemptTimeout, nameof(AttemptTimeout));
        RequirePositive(SuspectAfter, nameof(SuspectAfter));
        RequirePositive(MinBackOff, nameof(MinBackOff));
        Require(MaxBackOff >= MinBackOff, nameof(MaxBackOff), MaxBackOff, $"at least {nameof(MinBackOff)}, {MinBackOff}");
        RequirePositive(MaxBatchesInFlight, nameof(MaxBatchesInFlight));
        RequirePositive(MaxBatchOperations, nameof(MaxBatchOperations));
        RequirePositive(MaxBatchBytes, nameof(MaxBatchBytes));
        RequirePositive(MaxOutstandingOperations, nameof(MaxOutstandingOperations));
        RequirePositive(MaxOutstandingBytes, nameof(MaxOutstandingBytes));
        Require(Limits is not null && Limits.Problem() is null, nameof(Limits), Limits?.Problem() ?? "null", "limits that fit together");
        Require(Shards is not null, nameof(Shards), "null", "the cluster's shard function");
    }

    private static void RequirePositive(long value, string name) => Require(value > 0, name, value, "1 or more");

    private static void RequirePositive(TimeSpan value, string name) =>
        Require(value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromDays(1), name, value, "1 ms to 1 day");

    private static void Require(bool condition, string name, object? value, string allowed)
    {
        if (!condition) throw new ArgumentException($"{nameof(ClerkOptions)}.{name} is {value}; allowed: {allowed}.", name);
    }
}
