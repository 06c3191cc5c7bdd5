using Microsoft.Extensions.Time.Testing;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Commands to the shard controller's grain, which is lost with its silo and comes back on another.</summary>
public sealed class ShardControllerTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeReplicas _grains = new();
    private readonly List<byte[]> _sent = [];
    private readonly ShardController _controller;

    public ShardControllerTests() => _controller = new ShardController(_grains, time: _time);

    public void Dispose() => _controller.Dispose();

    [Fact]
    public async Task ACommand_WhoseGrainWasLostWithItsSilo_IsSentAgain_UnderTheSameNumber()
    {
        Meet(failures: 3);
        Task<ControllerResult> command = _controller.MoveAsync(new ShardId(1), 2, TestContext.Current.CancellationToken);
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(ControllerStatus.Ok, (await command).Status);
        Assert.Equal(4, _sent.Count);
        Assert.All(_sent, again => Assert.Equal(_sent[0], again));
    }

    [Fact]
    public async Task AQuestion_WhoseGrainWasLostWithItsSilo_IsAskedAgain()
    {
        Meet(failures: 1, ControllerCodec.Encode(new MapAnswer(0, null)));
        Task<ShardMap> question = _controller.GetMapAsync(TestContext.Current.CancellationToken);
        Pass(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<ShardControllerException>(() => question);
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public async Task AControllerThatIsLostForGood_IsReportedInTime_WithWhatCannotBeKnown()
    {
        Meet(failures: int.MaxValue);
        Task<ControllerResult> command = _controller.MoveAsync(new ShardId(1), 2, TestContext.Current.CancellationToken);
        Pass(TimeSpan.FromSeconds(10));
        ShardControllerException refusal = await Assert.ThrowsAsync<ShardControllerException>(() => command);
        Assert.Contains("not known", refusal.Message, StringComparison.Ordinal);
        Assert.IsType<SiloUnavailableException>(refusal.InnerException);
    }

    [Fact]
    public async Task ACallerThatCancels_IsLetGo_WhileItIsSentAgain()
    {
        using CancellationTokenSource cancel = new();
        Meet(failures: int.MaxValue);
        Task<ControllerResult> command = _controller.MoveAsync(new ShardId(1), 2, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command);
    }

    private void Meet(int failures, byte[]? answer = null) => _grains.MeetController = request =>
    {
        _sent.Add(request.Payload.ToArray());
        return _sent.Count <= failures
            ? Task.FromException<SubmitReply>(new SiloUnavailableException("It was shutting down."))
            : Task.FromResult(new SubmitReply(SubmitStatus.Ok, answer ?? ControllerCodec.Encode(new ControllerResult(ControllerStatus.Ok, 1))));
    };

    // Without a context to come back to, what a timer wakes runs on the thread that moves the clock: time never runs ahead of the controller.
    private void Pass(TimeSpan time)
    {
        SynchronizationContext.SetSynchronizationContext(null);
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Step) _time.Advance(Step);
    }
}
