using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Quorleans.Hosting;

/// <summary>
/// The HTTP API that stops and starts the nodes of an embedded cluster. It needs no silo, so it also works when all are stopped.
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
            Run(http, cluster, node, () => cluster.StopNodeAsync(node, abrupt ?? false, http.RequestAborted)));
        endpoints.MapPost(NodesPath + "/{node}/start", (HttpContext http, string node) =>
            Run(http, cluster, node, () => cluster.StartNodeAsync(node, http.RequestAborted)));
        return endpoints;
    }

    private static async Task<IResult> Run(HttpContext http, EmbeddedCluster cluster, string node, Func<Task> action)
    {
        if (!http.Request.Headers.ContainsKey(Header))
            return Failure(StatusCodes.Status403Forbidden, $"The request must bear the header '{Header}'.");
        try
        {
            await action();
            return Results.Json(NodeReport.Of(cluster.Nodes.Single(status => status.Node == node)));
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
