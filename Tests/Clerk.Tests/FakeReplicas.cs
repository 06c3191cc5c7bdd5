using System.Collections.Concurrent;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Clerk.Tests;

/// <summary>A grain factory whose replicas live in memory: one leads, with the real state machine; each can be told to misbehave.</summary>
/// <param name="cluster">Another factory that leads to the same replicas, by another way: then only calls are counted and met here.</param>
internal sealed class FakeReplicas(FakeReplicas? cluster = null) : IGrainFactory
{
    private readonly ConcurrentDictionary<string, FakeReplica> _replicas = new(StringComparer.Ordinal);
    private readonly KeyValueStateMachine _machine = new();
    private readonly Lock _lock = new();
    private long _index;

    public string Leader { get; set; } = "g1/n1";

    public ConcurrentQueue<(string Target, SubmitRequest Request)> Calls { get; } = new();

    /// <summary>Whether <see cref="Calls"/> is kept.</summary>
    public bool Records { get; set; } = true;

    /// <summary>What happens to a call instead of the usual; null for the usual.</summary>
    public Func<string, SubmitRequest, Task<SubmitReply>?>? Meet { get; set; }

    /// <summary>What happens to a call of the shard controller.</summary>
    public Func<SubmitRequest, Task<SubmitReply>>? MeetController { get; set; }

    /// <summary>The groups of each call that carried several batches.</summary>
    public ConcurrentQueue<string> Together { get; } = new();

    /// <summary>Replicas whose answers do not come with the others', but when asked for by a ticket.</summary>
    public ConcurrentDictionary<string, TaskCompletionSource> Late { get; } = new();

    public int CallsOf(bool isQuery) => Calls.Count(call => call.Request.IsQuery == isQuery);

    public SubmitReply Serve(SubmitRequest request)
    {
        if (cluster is not null) return cluster.Serve(request);
        lock (_lock)
        {
            ReadOnlyMemory<byte> result = request.IsQuery
                ? _machine.Query(request.Payload)
                : _machine.Apply(new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, new LogTime(1), request.Payload), wantResult: true);
            return new SubmitReply(SubmitStatus.Ok, result) { LogTimeMs = 1 };
        }
    }

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        typeof(TGrainInterface) == typeof(INodeGrain) ? (TGrainInterface)(IGrainWithStringKey)new FakeNode(this, primaryKey)
            : typeof(TGrainInterface) == typeof(IShardControllerGrain) ? (TGrainInterface)(IGrainWithStringKey)new FakeController(this)
            : (TGrainInterface)(IGrainWithStringKey)_replicas.GetOrAdd(primaryKey, key => new FakeReplica(this, key));

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey => throw new NotSupportedException();

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();

    private sealed class FakeNode(FakeReplicas all, string node) : INodeGrain
    {
        private static readonly ConcurrentDictionary<long, (TaskCompletionSource Due, SubmitReply Reply)> s_late = new();
        private static long s_ticket;

        public Task<RaftFrames> AppendEntries(RaftFrames request) => throw new NotSupportedException();

        public async Task<SubmitReplies> Submit(SubmitRequests request)
        {
            all.Together.Enqueue($"{node}: {string.Join(' ', request.Groups)}");
            List<SubmitReply?> replies = [];
            List<long> tickets = [];
            for (int i = 0; i < request.Groups.Length; i++)
            {
                string address = $"{request.Groups[i]}/{node}";
                SubmitReply reply = await all.GetGrain<IRaftReplicaGrain>(address).Submit(request.Batches[i]);
                bool isLate = all.Late.TryGetValue(address, out TaskCompletionSource? due);
                replies.Add(isLate ? null : reply);
                if (!isLate) continue;
                tickets.Add(Interlocked.Increment(ref s_ticket));
                s_late[tickets[^1]] = (due!, reply);
            }

            return new SubmitReplies([.. replies], [.. tickets]);
        }

        public async Task<SubmitReply> Await(long ticket)
        {
            (TaskCompletionSource due, SubmitReply reply) = s_late[ticket];
            await due.Task;
            return reply;
        }
    }

    private sealed class FakeController(FakeReplicas all) : IShardControllerGrain
    {
        public Task<SubmitReply> Submit(SubmitRequest request) => all.MeetController!(request);

        public Task<ShardControllerStatus> GetState() => throw new NotSupportedException();
    }

    private sealed class FakeReplica(FakeReplicas all, string key) : IRaftReplicaGrain
    {
        public Task<SubmitReply> Submit(SubmitRequest request)
        {
            if (all.Records) all.Calls.Enqueue((key, request));
            if (all.Meet?.Invoke(key, request) is { } met) return met;
            return Task.FromResult(key == all.Leader
                ? all.Serve(request)
                : new SubmitReply(SubmitStatus.NotLeader, default) { LeaderHint = all.Leader[3..] });
        }

        public Task<RaftFrame> RequestVote(RaftFrame request) => throw new NotSupportedException();

        public Task<RaftFrame> AppendEntries(RaftFrame request) => throw new NotSupportedException();

        public Task<RaftFrame> InstallSnapshot(RaftFrame request) => throw new NotSupportedException();

        public Task<RaftFrame> TimeoutNow(RaftFrame request) => throw new NotSupportedException();

        public Task<RaftFrame> ReadIndex(RaftFrame request) => throw new NotSupportedException();

        public Task<RaftFrame> Join(RaftFrame request) => throw new NotSupportedException();

        public Task<MembershipReply> ChangeMembership(MembershipRequest request) => throw new NotSupportedException();

        public Task<string?> TransferLeadership(string node) => throw new NotSupportedException();

        public Task HandoffAdvanced(int shard, long move) => throw new NotSupportedException();

        public Task<ShardReport[]> GetShards() => throw new NotSupportedException();

        public Task<ReplicaStatus> GetState() => throw new NotSupportedException();
    }
}
