using Quorleans.Hosting;

namespace Quorleans.Client.Tests.Fakes;

internal sealed class FakeNodeAdmin : INodeAdmin
{
    public List<string> Calls { get; } = [];

    public List<(string Node, string State)> List { get; } = [("n1", "Running"), ("n2", "Stopped")];

    public Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeReport>>([.. List.Select(static node => Report(node.Node, node.State))]);

    public Task<NodeReport> StopAsync(string node, bool abrupt, CancellationToken cancellationToken)
    {
        Calls.Add($"stop {node} {(abrupt ? "abrupt" : "graceful")}");
        return Task.FromResult(Report(node, "Stopped"));
    }

    public Task<NodeReport> StartAsync(string node, CancellationToken cancellationToken)
    {
        Calls.Add($"start {node}");
        return Task.FromResult(Report(node, "Running"));
    }

    private static NodeReport Report(string node, string state) => new(node, state, "127.0.0.1:30001", 11111, "data", null);
}
