namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>The way by which a node fetches map outputs, with faults.</summary>
internal sealed class FaultyFetch(string node, JobFaults faults) : DelegatingHandler(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseProxy = false })
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        faults.PassAsync("fetch", node, cancellationToken).GetAwaiter().GetResult();
        return base.Send(request, cancellationToken);
    }
}
