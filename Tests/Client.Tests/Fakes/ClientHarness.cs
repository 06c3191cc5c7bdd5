using System.Text;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Interactive;

namespace Quorleans.Client.Tests.Fakes;

/// <summary>The whole client over a store in memory: what a user types, and what comes out.</summary>
internal sealed class ClientHarness : IDisposable
{
    private readonly MemoryStream _out = new();
    private readonly StringWriter _error = new();

    public ClientHarness(bool isTerminal = false, IDemoCluster? demo = null)
    {
        Context = new ClientContext
        {
            Output = new ClientOutput(_out, _error, isTerminal),
            Connector = Cluster,
            NodeAdmin = endpoint =>
            {
                NodeEndpoint = endpoint;
                return Nodes;
            },
            DemoCluster = () => demo ?? throw new InvalidOperationException("no demo cluster in this test"),
            Time = Time,
        };
        Application = new ClientApplication(Context);
    }

    public FakeCluster Cluster { get; } = new();

    public FakeClerk Store => Cluster.Store;

    public FakeNodeAdmin Nodes { get; } = new();

    public SteppingTime Time { get; } = new();

    public Endpoint? NodeEndpoint { get; private set; }

    public ClientContext Context { get; }

    public ClientApplication Application { get; }

    public string Out => Encoding.UTF8.GetString(_out.ToArray());

    public byte[] OutBytes => _out.ToArray();

    public string Error => _error.ToString();

    public static ClerkException Failure(OperationOutcome outcome, string message = "the deadline of 10 s passed") =>
        new(ClerkError.DeadlineExceeded, outcome, message);

    public Task<int> RunAsync(params string[] args) => Application.RunCommandAsync(args, Interrupts.None());

    public Task<int> ScriptAsync(byte[] script) =>
        new CommandConsole(Context, Application, Interrupts.None()).RunScriptAsync(new MemoryStream(script));

    public JsonElement[] JsonLines() =>
        [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public void Dispose()
    {
        Context.Output.Dispose();
        _error.Dispose();
    }
}
