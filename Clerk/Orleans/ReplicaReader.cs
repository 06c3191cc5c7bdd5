using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// Reads from a replica of the caller's choice, leader or follower, linearizably all the same: the replica gets a read index from the leader, and answers when it has applied
/// that far (dissertation §6.4). It spares the leader the look-up and the answer's bytes, and costs a hop. A Clerk's own reads go to the leader.
/// </summary>
/// <param name="grains">A connected Orleans client, or a silo's grain factory.</param>
/// <param name="options">Group, limits and deadline; read at each call. Null for the defaults.</param>
/// <param name="time">For deadlines; null for the system's.</param>
/// <param name="gateways">Connections to single nodes, if the client has some: other ways when one is silent.</param>
public sealed class ReplicaReader(IGrainFactory grains, ClerkOptions? options = null, TimeProvider? time = null, INodeGateways? gateways = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly ClerkOptions _options = options ?? new ClerkOptions();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly HedgedCalls _calls = new(grains, gateways, time);

    /// <summary>Reads a key from one node's replica.</summary>
    /// <param name="node">The node.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value as of some moment between call and return.</returns>
    /// <exception cref="ClerkException">The replica did not answer within <see cref="ClerkOptions.OperationTimeout"/>, or cannot; the message says why.</exception>
    public async Task<GetResult> GetAsync(string node, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        ReadBatchBuilder batch = new(_options.Limits);
        batch.Begin();
        if (!batch.TryAdd(ReadOperation.Get(key)))
            throw new ClerkException(ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen, "The key is longer than a request may be.");
        SubmitRequest request = new(incarnation: 0, isQuery: true, batch.ToArray()) { OnFollower = true };
        long start = _time.GetTimestamp();
        string problem = "it does not answer";
        do
        {
            try
            {
                SubmitReply reply = await _calls.CallAsync(
                    node, way => way.GetGrain<IRaftReplicaGrain>($"{_options.Group}/{node}").Submit(request), HedgedCalls.QuestionSilence, _options.AttemptTimeout, cancellationToken).ConfigureAwait(false);
                if (reply.Status == SubmitStatus.Ok && TryRead(reply.Result, out GetResult found, ref problem)) return found;
                if (reply.Status != SubmitStatus.Ok) problem = reply.Error ?? (reply.Status == SubmitStatus.NotLeader ? "it knows no leader that confirms its reads" : reply.Status.ToString());
                if (reply.Status is SubmitStatus.Invalid or SubmitStatus.Unavailable) break;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OutOfMemoryException)
            {
                problem = e is TimeoutException ? "it does not answer" : e.Message;
            }

            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
        while (_time.GetElapsedTime(start) < _options.OperationTimeout);
        throw new ClerkException(ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen, $"{_options.Group}/{node} gave no answer to the read: {problem}. Read without naming a node, or name another.");
    }

    private static bool TryRead(ReadOnlyMemory<byte> payload, out GetResult found, ref string problem)
    {
        ResultBatchReader results = new(payload);
        found = default;
        if (!results.TryRead(out OperationResult result)) return false;
        problem = $"the answer is {result.Status}";
        if (result.Status is not (OperationStatus.Ok or OperationStatus.NotFound)) return false;
        found = new GetResult(result.Status == OperationStatus.Ok, result.Value, result.Version);
        return true;
    }
}
