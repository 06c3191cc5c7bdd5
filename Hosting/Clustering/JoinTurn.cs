using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// Lets silos join one after the other. Two that join at the same time make each other's compare-and-set on the membership table fail, and Orleans pauses for one to three
/// seconds before it tries again; a turn is over in some 100 ms. If there is no turn to be had, the silo joins all the same.
/// </summary>
/// <param name="members">Reaches the table.</param>
/// <param name="silo">This silo.</param>
/// <param name="time">The clock.</param>
internal sealed class JoinTurn(MembersClient members, ILocalSiloDetails silo, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3), Longest = TimeSpan.FromSeconds(15), Pause = TimeSpan.FromMilliseconds(40);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        // Orleans writes "joining" after the grain services, and "active" just before the stage of that name.
        lifecycle.Subscribe(nameof(JoinTurn), ServiceLifecycleStage.RuntimeGrainServices + 1, TakeAsync, _ => Task.CompletedTask);
        lifecycle.Subscribe(nameof(JoinTurn), ServiceLifecycleStage.Active, _ => EndAsync(), _ => Task.CompletedTask);
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        try
        {
            while (await members.ExecuteAsync(new TakeTurn(silo.Name, (long)Lease.TotalMilliseconds), cancellationToken).ConfigureAwait(false) == MembersStatus.Conflict
                && time.GetElapsedTime(start) < Longest)
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException)
        {
            // Then it joins out of turn, and its join says what is wrong.
        }
    }

    private async Task EndAsync()
    {
        try
        {
            await members.ExecuteAsync(new EndTurn(silo.Name)).ConfigureAwait(false);
        }
        catch (ClusterException)
        {
            // It ends by itself.
        }
    }
}
