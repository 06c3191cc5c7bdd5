using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>The nodes of a cluster of processes: those of its file, and those that were added and removed since, if the cluster can be asked.</summary>
internal static class EffectiveConfiguration
{
    // Whoever looks at a cluster in trouble shall not wait long for what the file says well enough.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Reads the file and asks the cluster.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClientException">The file is missing or wrong.</exception>
    public static async Task<ClusterConfiguration> ReadAsync(string path, CancellationToken cancellationToken)
    {
        ClusterConfiguration file = GlobalOptions.ReadConfiguration(path);
        using NodeRegistry registry = new(file, Patience);
        try
        {
            return await registry.ReadAsync(cancellationToken);
        }
        catch (ClusterException)
        {
            return file;
        }
    }
}
