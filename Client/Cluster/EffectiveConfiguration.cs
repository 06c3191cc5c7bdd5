using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>The nodes of a cluster of processes: those of its file, and those that were added and removed since, if the cluster can be asked.</summary>
internal static class EffectiveConfiguration
{
    /// <summary>Reads the file and asks the cluster.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long a cluster is asked that does not answer, though some of it is up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClientException">The file is missing or wrong.</exception>
    public static async Task<ClusterConfiguration> ReadAsync(string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        ClusterConfiguration file = GlobalOptions.ReadConfiguration(path);
        using NodeRegistry registry = new(file, patience);
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
