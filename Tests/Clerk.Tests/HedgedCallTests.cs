using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Calls that are made once more by another gateway when one is silent.</summary>
public sealed class HedgedCallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly Ways _gateways = new();
    private readonly FakeReplicas _own = new(), _n1 = new(), _n2 = new();
    private readonly Dictionary<IGrainFactory, Func<Task<string>>> _answers = [];
    private readonly List<IGrainFactory> _made = [];

    public HedgedCallTests()
    {
        foreach (IGrainFactory way in (IGrainFactory[])[_own, _n1, _n2]) Meet(way, static () => new TaskCompletionSource<string>().Task);
        _gateways.Open = [new NodeGateway("n1", _n1, new ConnectionWatch()), new NodeGateway("n2", _n2, new ConnectionWatch())];
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACallToANode_GoesByItsOwnGateway_AndByNoOtherWhenThatAnswers()
    {
        Meet(_n2, static () => Task.FromResult("n2"));
        Assert.Equal("n2", await CallAsync("n2"));
        Assert.Equal([_n2], _made);
    }

    [Fact]
    public async Task ASilentWay_IsFollowedByTheNext_AndTheFirstAnswerCounts()
    {
        TaskCompletionSource<string> late = new();
        Meet(_own, () => late.Task);
        Meet(_n2, static () => Task.FromResult("n2"));
        Task<string> call = CallAsync(node: null);
        Assert.Equal([_own], _made);
        _time.Advance(HedgedCalls.QuestionSilence - TimeSpan.FromTicks(1));
        Assert.Equal([_own], _made);
        _time.Advance(TimeSpan.FromTicks(1));
        await MadeAsync(2);
        Assert.Equal([_own, _n1], _made);
        late.SetResult("own");
        Assert.Equal("own", await call);
        Assert.DoesNotContain(_n2, _made);
    }

    [Fact]
    public async Task AWayThatFails_IsFollowedByTheNextAtOnce()
    {
        Meet(_own, static () => Task.FromException<string>(new InvalidOperationException("broken")));
        Meet(_n1, static () => throw new InvalidOperationException("broken at once"));
        Meet(_n2, static () => Task.FromResult("n2"));
        Assert.Equal("n2", await CallAsync(node: null));
        Assert.Equal([_own, _n1, _n2], _made);
    }

    [Fact]
    public async Task WhenAllWaysFail_TheLastFailureIsThrown()
    {
        foreach (IGrainFactory way in (IGrainFactory[])[_own, _n1]) Meet(way, static () => Task.FromException<string>(new InvalidOperationException("broken")));
        Meet(_n2, static () => Task.FromException<string>(new NotSupportedException("and this")));
        Assert.Equal("and this", (await Assert.ThrowsAsync<NotSupportedException>(() => CallAsync(node: null))).Message);
    }

    [Fact]
    public async Task WhenAllWaysAreSilent_ItEndsInTime_AndSaysSo()
    {
        Task<string> call = CallAsync("n1");
        while (!call.IsCompleted)
        {
            Stop.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        TimeoutException end = await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Equal("No answer within 1 s, by 3 ways.", end.Message);
        Assert.Equal([_n1, _own, _n2], _made);
    }

    [Fact]
    public async Task ACallThatWasLostWithItsSilo_IsMadeAgain_ThoughEveryWayWasTried()
    {
        Meet(_own, () => _made.Count > 3 ? Task.FromResult("own") : new TaskCompletionSource<string>().Task);
        Task<string> call = new HedgedCalls(_own, _gateways, _time).CallAsync(null, Make, HedgedCalls.QuestionSilence, TimeSpan.FromHours(1), Stop);
        while (!call.IsCompleted)
        {
            Stop.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal("own", await call);
        Assert.Equal([_own, _n1, _n2, _own], _made);
    }

    [Fact]
    public async Task AGatewayThatOpensMeanwhile_IsAWay()
    {
        IReadOnlyList<NodeGateway> both = _gateways.Open;
        _gateways.Open = [];
        Meet(_n1, static () => Task.FromResult("n1"));
        Task<string> call = CallAsync(node: null);
        _gateways.Open = both;
        _time.Advance(HedgedCalls.QuestionSilence);
        Assert.Equal("n1", await call);
    }

    [Fact]
    public async Task ACallerThatCancels_IsLetGo()
    {
        using CancellationTokenSource cancel = new();
        Task<string> call = new HedgedCalls(_own, _gateways, _time).CallAsync(null, Make, HedgedCalls.QuestionSilence, Patience, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private void Meet(IGrainFactory way, Func<Task<string>> answer) => _answers[way] = answer;

    private Task<string> CallAsync(string? node) => new HedgedCalls(_own, _gateways, _time).CallAsync(node, Make, HedgedCalls.QuestionSilence, Patience, Stop);

    private Task<string> Make(IGrainFactory way)
    {
        lock (_made) _made.Add(way);
        return _answers[way]();
    }

    private async Task MadeAsync(int count)
    {
        while (true)
        {
            lock (_made)
                if (_made.Count >= count) return;
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class Ways : INodeGateways
    {
        public IReadOnlyList<NodeGateway> Open { get; set; } = [];
    }
}
