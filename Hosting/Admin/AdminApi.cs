using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Quorleans.Hosting;

/// <summary>
/// The HTTP API that stops and starts the nodes of this process: all of an embedded cluster, or the one that it is. It needs no silo, so it also works when all are stopped.
/// </summary>
/// <remarks>
/// <c>GET /admin/nodes</c> answers a list of <see cref="NodeReport"/>; <c>POST /admin/nodes/{node}/stop[?abrupt=true]</c> and
/// <c>POST /admin/nodes/{node}/start</c> answer one, when it is done. Failures answer an <see cref="AdminFailure"/>: 404 for an unknown
/// node, 409 for a wrong state, 403 without the header.
/// </remarks>
public static class AdminApi
{
    /// <summary>
    /// A header that every POST must bear, with any value. A web page of somebody else can make a browser post here, but it cannot make
    /// it add a header of its own.
    /// </summary>
    public const string Header = "X-Quorleans-Admin";

    /// <summary>The path of the nodes.</summary>
    public const string NodesPath = "/admin/nodes";

    /// <summary>Adds the API to a web application.</summary>
    /// <param name="endpoints">The application's routes. It must listen on loopback only.</param>
    /// <param name="cluster">The cluster.</param>
    /// <returns>The same routes.</returns>
    public static IEndpointRouteBuilder MapQuorleansAdmin(this IEndpointRouteBuilder endpoints, EmbeddedCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(cluster);
        endpoints.MapGet(NodesPath, () => Results.Json(cluster.Nodes.Select(NodeReport.Of)));
        endpoints.MapPost(NodesPath + "/{node}/stop", (HttpContext http, string node, bool? abrupt) =>
            Run(http, node, () => cluster.StopNodeAsync(node, abrupt ?? false, http.RequestAborted), () => Status(cluster, node)));
        endpoints.MapPost(NodesPath + "/{node}/start", (HttpContext http, string node) =>
            Run(http, node, () => cluster.StartNodeAsync(node, http.RequestAborted), () => Status(cluster, node)));
        return endpoints;
    }

    /// <summary>Adds the API to the web application of a node that is a process of its own. It can be stopped, which ends the process; a start is its supervisor's.</summary>
    /// <param name="endpoints">The application's routes.</param>
    /// <param name="process">The node.</param>
    /// <returns>The same routes.</returns>
    public static IEndpointRouteBuilder MapQuorleansAdmin(this IEndpointRouteBuilder endpoints, NodeProcess process)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(process);
        endpoints.MapGet(NodesPath, () => Results.Json((NodeReport[])[NodeReport.Of(process.Status)]));
        endpoints.MapPost(NodesPath + "/{node}/stop", (HttpContext http, string node, bool? abrupt) =>
            Run(http, node, () => StopAsync(http, process, node, abrupt ?? false), () => abrupt == true ? process.Status with { State = NodeState.Stopped } : process.Status));
        endpoints.MapPost(NodesPath + "/{node}/start", (HttpContext http, string node) => Run(http, node, () => StartAsync(process, node), () => process.Status));
        return endpoints;
    }

    private static Task StopAsync(HttpContext http, NodeProcess process, string node, bool abrupt)
    {
        RequireSelf(process, node);
        // Not cut off by a caller that goes away: a stop that has begun must end.
        if (!abrupt) return process.StopAsync(CancellationToken.None);
        http.Response.OnCompleted(static () =>
        {
            _ = KillSelfAsync();
            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private static async Task KillSelfAsync()
    {
        // The answer is complete for the server, but may still be on its way into the socket.
        await Task.Delay(TimeSpan.FromMilliseconds(100));
        System.Diagnostics.Process.GetCurrentProcess().Kill();
    }

    private static Task StartAsync(NodeProcess process, string node)
    {
        RequireSelf(process, node);
        throw new ClusterException(ClusterError.WrongState, $"Node '{node}' runs already, as a process of its own.");
    }

    private static void RequireSelf(NodeProcess process, string node)
    {
        if (node != process.Node.Name) throw new ClusterException(ClusterError.UnknownNode, $"This process is node '{process.Node.Name}', not '{node}'.");
    }

    private static NodeStatus Status(EmbeddedCluster cluster, string node) => cluster.Nodes.Single(status => status.Node == node);

    private static async Task<IResult> Run(HttpContext http, string node, Func<Task> action, Func<NodeStatus> status)
    {
        if (!http.Request.Headers.ContainsKey(Header))
            return Failure(StatusCodes.Status403Forbidden, $"The request must bear the header '{Header}'.");
        try
        {
            await action();
            return Results.Json(NodeReport.Of(status()));
        }
        catch (ClusterException e)
        {
            return Failure(e.Error switch
            {
                ClusterError.UnknownNode => StatusCodes.Status404NotFound,
                ClusterError.WrongState => StatusCodes.Status409Conflict,
                _ => StatusCodes.Status500InternalServerError,
            }, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Failure(StatusCodes.Status500InternalServerError, $"Node '{node}': {e.Message}");
        }
    }

    private static IResult Failure(int status, string error) => Results.Json(new AdminFailure(error), statusCode: status);
}
