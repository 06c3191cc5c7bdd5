using System.Collections.Immutable;
using System.Security.Cryptography;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Reaches the shard controller through its grain. One command at a time, so that each is exactly once with one number remembered.</summary>
/// <param name="grains">A connected Orleans client, or a silo's grain factory.</param>
/// <param name="gateways">Connections to single nodes, if the client has some: other ways when one is silent.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class ShardController(IGrainFactory grains, INodeGateways? gateways = null, TimeProvider? time = null) : IShardController, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(200);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ClientId _client = ClientId.Read(RandomNumberGenerator.GetBytes(ClientId.Size));
    private readonly HedgedCalls _calls = new(grains, gateways, time);
    private readonly SemaphoreSlim _one = new(1, 1);
    private long _sequence;

    /// <inheritdoc/>
    public Task<ControllerResult> JoinAsync(ImmutableArray<JoiningGroup> groups, CancellationToken cancellationToken = default) =>
        CommandAsync(ControllerCommand.Join(groups.AsSpan()), cancellationToken);

    /// <inheritdoc/>
    public Task<ControllerResult> LeaveAsync(ImmutableArray<int> gids, CancellationToken cancellationToken = default) =>
        CommandAsync(ControllerCommand.Leave(gids.AsSpan()), cancellationToken);

    /// <inheritdoc/>
    public Task<ControllerResult> MoveAsync(ShardId shard, int gid, CancellationToken cancellationToken = default) =>
        CommandAsync(new MoveCommand(shard, gid), cancellationToken);

    /// <inheritdoc/>
    public Task<ControllerResult> RebalanceAsync(CancellationToken cancellationToken = default) => CommandAsync(new RebalanceCommand(), cancellationToken);

    /// <inheritdoc/>
    public Task<ConfigurationAnswer> QueryAsync(long number = ConfigurationQuery.Newest, CancellationToken cancellationToken = default) =>
        AskAsync<ConfigurationAnswer>(new ConfigurationQuery(number), cancellationToken);

    /// <inheritdoc/>
    public async Task<ShardMap> GetMapAsync(CancellationToken cancellationToken = default) =>
        (await AskAsync<MapAnswer>(new MapQuery(), cancellationToken).ConfigureAwait(false)).Map ?? throw new ShardControllerException("The shard controller answered without a map.");

    /// <inheritdoc/>
    public Task<PlanAnswer> PlanAsync(ControllerCommand command, CancellationToken cancellationToken = default) =>
        AskAsync<PlanAnswer>(new PlanQuery(command), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<ControllerResult> CommandAsync(ControllerCommand command, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long sequence = ++_sequence;
            byte[] payload = ControllerCodec.Encode(new CommandSession(_client, sequence, sequence - 1), command);
            SubmitReply reply = await SendAsync(isQuery: false, payload, cancellationToken).ConfigureAwait(false);
            if (ControllerCodec.TryRead(reply.Result.Span, out ControllerResult result).IsError) throw new ShardControllerException("The shard controller's answer cannot be read.");
            return result.Status == ControllerStatus.Ok ? result : throw new ShardControllerException(result);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<T> AskAsync<T>(ControllerQuery query, CancellationToken cancellationToken)
        where T : ControllerAnswer
    {
        SubmitReply reply = await SendAsync(isQuery: true, ControllerCodec.Encode(query), cancellationToken).ConfigureAwait(false);
        return !ControllerCodec.TryRead(reply.Result.Span, out ControllerAnswer? answer).IsError && answer is T expected
            ? expected
            : throw new ShardControllerException("The shard controller's answer cannot be read.");
    }

    private async Task<SubmitReply> SendAsync(bool isQuery, byte[] payload, CancellationToken cancellationToken)
    {
        SubmitReply reply = await CallAsync(new SubmitRequest(0, isQuery, payload), cancellationToken).ConfigureAwait(false);
        if (reply.Status == SubmitStatus.Ok) return reply;
        string fate = isQuery || reply.Status is not SubmitStatus.Unknown ? "" : " Whether the command happened is not known; look at the configuration.";
        throw new ShardControllerException($"The shard controller does not answer: {reply.Error ?? reply.Status.ToString()} Bring a majority of its nodes up.{fate}");
    }

    // The grain is gone with its silo for a moment, and then on another: a call that fails is made again. A command that arrives twice has one number: it happens once.
    private async Task<SubmitReply> CallAsync(SubmitRequest request, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            Exception cause;
            TimeSpan left = Patience - _time.GetElapsedTime(start);
            try
            {
                return await _calls.CallAsync(
                    node: null, way => way.GetGrain<IShardControllerGrain>(IShardControllerGrain.Key).Submit(request),
                    request.IsQuery ? HedgedCalls.QuestionSilence : HedgedCalls.ChangeSilence, left, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                cause = e;
            }

            if (cause is TimeoutException || _time.GetElapsedTime(start) + Pause >= Patience)
                throw new ShardControllerException("The shard controller does not answer in time. Whether a command happened is not known; look at the configuration.", cause);
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
